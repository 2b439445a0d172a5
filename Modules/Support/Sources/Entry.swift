import CModuleABI
import CRMSDK

/// The library's entry point, called once by the kernel after it has read the stamp from the file.
@_cdecl("support_module_create")
public func createSupportModule() -> UnsafeMutableRawPointer {
    ModuleEntry.make(SupportModule.self, stamp: crm_module_stamp_here())
}
