import CModuleABI
package import CRMSDK

/// What a module's file says about itself, before any of its code has run. Layout: CModuleABI.h.
package struct ModuleStamp: Equatable, Sendable {
    /// The module's name, snake case.
    package let name: String
    package let abiVersion: Int
    package let sdkMajor: Int
    package let sdkMinor: Int
    /// `__VERSION__` of the clang inside the swiftc that built it.
    package let compiler: String

    package init(name: String, abiVersion: Int, sdkMajor: Int, sdkMinor: Int, compiler: String) {
        self.name = name
        self.abiVersion = abiVersion
        self.sdkMajor = sdkMajor
        self.sdkMinor = sdkMinor
        self.compiler = compiler
    }

    /// Reads the stamp from a library's bytes. Whether this kernel takes such a module is `verify`'s question.
    ///
    /// - Throws: `invalidParameters` with what is wrong with the file.
    package static func read(from elf: [UInt8]) throws(CRMError) -> ModuleStamp {
        try read(from: elf, file: "module file")
    }

    /// - Parameter file: What messages call the file: `module file "libSalesModule.so"`.
    static func read(from elf: [UInt8], file: String) throws(CRMError) -> ModuleStamp {
        let section: ArraySlice<UInt8>
        do throws(ELFImage.Problem) {
            section = try ELFImage(elf).section(named: ".crm_module")
        } catch {
            throw refusal(of: file, for: error)
        }
        guard section.count == MemoryLayout<crm_module_stamp>.size,
            section.prefix(8).elementsEqual("CRMMODUL".utf8)
        else {
            throw CRMError(
                .invalidParameters, "\(file) has a stamp of another form",
                hint: "Build it against this platform's SDK.")
        }
        return try parse(Array(section), file)
    }

    private static func parse(_ stamp: [UInt8], _ file: String) throws(CRMError) -> ModuleStamp {
        let damaged = CRMError(
            .invalidParameters, "\(file) has a damaged stamp", hint: "Build it again and copy it whole.")
        let nameStart = 24
        let compilerStart = nameStart + Int(CRM_MODULE_NAME_CAPACITY)
        guard let abi = stamp.integer(at: 8, as: UInt32.self),
            let major = stamp.integer(at: 12, as: UInt32.self),
            let minor = stamp.integer(at: 16, as: UInt32.self),
            let pointerSize = stamp.integer(at: 20, as: UInt16.self),
            let longSize = stamp.integer(at: 22, as: UInt16.self),
            let name = text(stamp[nameStart..<compilerStart]), ManifestCheck.isName(name),
            let compiler = text(stamp[compilerStart...])
        else { throw damaged }
        guard pointerSize == MemoryLayout<UnsafeRawPointer>.size, longSize == MemoryLayout<CLong>.size else {
            throw CRMError(
                .invalidParameters, "\(file) was built for another kind of machine",
                hint: "Build it on the machine that runs the kernel.")
        }
        return ModuleStamp(
            name: name, abiVersion: Int(abi), sdkMajor: Int(major), sdkMinor: Int(minor), compiler: compiler)
    }

    /// Printable ASCII up to the first zero, and zeros from there to the end.
    private static func text(_ field: ArraySlice<UInt8>) -> String? {
        let text = field.prefix { $0 != 0 }
        guard !text.isEmpty, text.count < field.count, text.allSatisfy({ (0x20...0x7E).contains($0) }),
            field[text.endIndex...].allSatisfy({ $0 == 0 })
        else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    private static func refusal(of file: String, for problem: ELFImage.Problem) -> CRMError {
        switch problem {
        case .notELF:
            CRMError(
                .invalidParameters, "\(file) is not a shared library",
                hint: "Give the file that the module's build made, such as libSalesModule.so.")
        case .foreign:
            CRMError(
                .invalidParameters, "\(file) is not a shared library for this machine",
                hint: "Build it on the machine that runs the kernel.")
        case .truncated:
            CRMError(.invalidParameters, "\(file) is truncated or damaged", hint: "Copy it again, whole.")
        case .noSection:
            CRMError(
                .invalidParameters, "\(file) is not a module: it has no stamp",
                hint: "Call crm_module_stamp_here() in its entry point, as CModuleABI.h says.")
        case .severalSections:
            CRMError(
                .invalidParameters, "\(file) has more than one stamp", hint: "Build one module per library.")
        }
    }
}

/// What a kernel demands of a stamp. `current` is this kernel's; tests make others.
package struct ModuleContract: Equatable, Sendable {
    package let abiVersion: Int
    package let sdkMajor: Int
    package let sdkMinor: Int
    package let compiler: String

    package init(abiVersion: Int, sdkMajor: Int, sdkMinor: Int, compiler: String) {
        self.abiVersion = abiVersion
        self.sdkMajor = sdkMajor
        self.sdkMinor = sdkMinor
        self.compiler = compiler
    }

    package static let current = ModuleContract(
        abiVersion: Int(CRM_MODULE_ABI_VERSION), sdkMajor: Int(CRM_SDK_VERSION_MAJOR),
        sdkMinor: Int(CRM_SDK_VERSION_MINOR), compiler: String(cString: crm_compiler_here()))

    /// Refuses a module that cannot run in this kernel: another contract, another SDK, another compiler.
    ///
    /// The compiler must be exactly the same: Swift promises no binary compatibility between compilers on Linux.
    package func verify(_ stamp: ModuleStamp) throws(CRMError) {
        guard stamp.abiVersion == abiVersion else {
            throw CRMError(
                .invalidParameters,
                "module \"\(stamp.name)\" follows plugin contract \(stamp.abiVersion), this kernel \(abiVersion)",
                hint: "Build the module against this platform's SDK.")
        }
        guard stamp.sdkMajor == sdkMajor, stamp.sdkMinor <= sdkMinor else {
            throw CRMError(
                .invalidParameters,
                "module \"\(stamp.name)\" needs SDK \(stamp.sdkMajor).\(stamp.sdkMinor), "
                    + "this kernel has \(sdkMajor).\(sdkMinor)",
                hint: stamp.sdkMajor == sdkMajor
                    ? "Upgrade the platform, or build the module against its SDK."
                    : "Build the module against this platform's SDK.")
        }
        guard stamp.compiler == compiler else {
            throw CRMError(
                .invalidParameters,
                "module \"\(stamp.name)\" was built by \"\(stamp.compiler)\", this kernel by \"\(compiler)\"",
                hint: "Build the module with the compiler that built the kernel.")
        }
    }
}
