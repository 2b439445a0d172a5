import CModuleABI
import CRMSDK

/// The library's entry point, called once by the kernel after it has read the stamp from the file.
@_cdecl("faulty_module_create")
public func createFaultyModule() -> UnsafeMutableRawPointer {
    ModuleEntry.make(FaultyModule.self, stamp: crm_module_stamp_here())
}
