/// How a module's object gets across `dlopen`: as one retained pointer to a box that the SDK owns.
///
/// Both sides use the one SDK library of the process, so the box's type is the same type for both, and a module
/// compiled against an older SDK still hands over what a newer kernel can open.
///
/// ```swift
/// @_cdecl("sales_module_create")
/// public func createSalesModule() -> UnsafeMutableRawPointer {
///     ModuleEntry.make(SalesModule.self, stamp: crm_module_stamp_here())
/// }
/// ```
public enum ModuleEntry {
    /// Makes the module and answers a retained pointer, for `take` alone.
    ///
    /// - Parameter stamp: The library's own stamp. Asking for it is what links it in; it is not read here, since
    ///   the kernel has read it from the file before.
    public static func make(
        _ module: any CRMModule.Type, stamp: UnsafeRawPointer
    ) -> UnsafeMutableRawPointer {
        Unmanaged.passRetained(ModuleBox(module.init())).toOpaque()
    }

    /// Answers the module and gives the pointer's retain back.
    ///
    /// - Parameter pointer: What `make` answered, never taken before.
    public static func take(_ pointer: UnsafeMutableRawPointer) -> any CRMModule {
        Unmanaged<ModuleBox>.fromOpaque(pointer).takeRetainedValue().module
    }
}

private final class ModuleBox {
    let module: any CRMModule

    init(_ module: any CRMModule) { self.module = module }
}
