import CModuleABI
import CRMSDK

/// The library's entry point, called once by the kernel after it has read the stamp from the file.
@_cdecl("sales_module_create")
public func createSalesModule() -> UnsafeMutableRawPointer {
    ModuleEntry.make(SalesModule.self, stamp: crm_module_stamp_here())
}
