import CModuleABI
import CRMSDK

/// The library's entry point, called once by the kernel after it has read the stamp from the file.
@_cdecl("marketing_module_create")
public func createMarketingModule() -> UnsafeMutableRawPointer {
    ModuleEntry.make(MarketingModule.self, stamp: crm_module_stamp_here())
}
