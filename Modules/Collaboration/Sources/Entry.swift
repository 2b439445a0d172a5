import CModuleABI
import CRMSDK

/// The library's entry point, called once by the kernel after it has read the stamp from the file.
@_cdecl("collaboration_module_create")
public func createCollaborationModule() -> UnsafeMutableRawPointer {
    ModuleEntry.make(CollaborationModule.self, stamp: crm_module_stamp_here())
}
