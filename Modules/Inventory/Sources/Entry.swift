import CModuleABI
import CRMSDK

/// The library's entry point, called once by the kernel after it has read the stamp from the file.
@_cdecl("inventory_module_create")
public func createInventoryModule() -> UnsafeMutableRawPointer {
    ModuleEntry.make(InventoryModule.self, stamp: crm_module_stamp_here())
}
