// swift-tools-version: 6.2
import PackageDescription

// A room is one target of one responsibility. What each room may import is the table in
// Sources/README.md; ArchitectureTests holds the import lines of the sources to that table.

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, packageAccess: false, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, packageAccess: false, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, packageAccess: false, swiftSettings: strict)
}

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // The name that CRMSDK is compiled with, in place of the checkout's: see there.
    .unsafeFlags(["-package-name", "crm_platform"]),
]

/// The shared vocabulary, always through its product: one dynamic library for the host and every module.
let sdk: Target.Dependency = .product(name: "CRMSDK", package: "CRMSDK")
let moduleABI: Target.Dependency = .product(name: "CModuleABI", package: "CRMSDK")
let sdkTesting: Target.Dependency = .product(name: "CRMSDKTesting", package: "CRMSDKTesting")

let package = Package(
    name: "crm",
    products: [
        .executable(name: "crm", targets: ["crm"]),
        .executable(name: "crm-kernel", targets: ["crm-kernel"]),
        .executable(name: "crm-rpc", targets: ["crm-rpc"]),
        .executable(name: "crm-admin", targets: ["crm-admin"]),
    ],
    dependencies: [
        .package(path: "Sources/CRMSDK"),
        .package(path: "Sources/CRMSDKTesting"),
        .package(path: "Modules/Collaboration"),
        .package(path: "Modules/Inventory"),
        .package(path: "Modules/Marketing"),
        .package(path: "Modules/Sales"),
        .package(path: "Modules/Support"),
        .package(path: "Tests/Fixtures/Modules/Faulty"),
    ],
    targets: [
        // MARK: System libraries: headers only
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLinux"),

        // MARK: Ground floor: no CRM word in it
        room("Log"),
        room("Settings", ["Text"]),
        room("JSON"),
        room("Text"),
        room("Printing", ["Text"]),
        room("Crypto", ["COpenSSL"]),
        room("TLS", ["COpenSSL", "Crypto"]),
        room("HTTP"),
        room("Wire", ["CLinux"]),
        room("SQLite", ["CSQLite"]),

        // MARK: The kernel's rooms
        room("Registry", [sdk, "Text"]),
        room("Core", [sdk, "Printing"]),
        room("Security", [sdk]),
        room("Query", [sdk, "Registry", "Security", "Text"]),
        room("Storage", [sdk, "SQLite", "Query", "Registry", "Crypto", "Text", "JSON", "Log"]),
        room(
            "Identity",
            [sdk, "Storage", "Query", "Registry", "Security", "Crypto", "JSON", "Text", "Log"]),
        room("Records", [sdk, "Registry", "Security", "Query", "Storage", "Crypto", "Text", "JSON", "Log"]),
        room("Jobs", [sdk, "Records", "Storage", "Query", "Registry", "Security", "Log"]),
        room("ModuleLoader", [sdk, moduleABI, "Crypto", "Log"]),
        room("Backup", [sdk, "Storage", "Crypto", "JSON"]),
        room(
            "Installation",
            [
                sdk, "ModuleLoader", "Records", "Storage", "Query", "Registry", "Security", "Text", "JSON",
                "Log",
            ]),
        room(
            "RPC",
            [
                sdk, "Backup", "Installation", "ModuleLoader", "Records", "Identity", "Jobs", "Registry",
                "Security", "Query", "Storage", "Crypto", "Text", "JSON", "Wire", "Log",
            ]),

        // MARK: The libraries behind the other programs
        room("Gateway", ["TLS", "HTTP", "Wire", "CLinux", "Log"]),
        room("ModuleTemplate", ["Settings"]),
        room("Supervisor", ["Settings", "Wire", "JSON", "CLinux", "Log"]),
        room("Admin", ["JSON", "Wire", "TLS", "HTTP", "Crypto", "Text", "Settings"]),

        // MARK: The bundled modules, so that one `swift build` builds them
        .target(
            name: "BundledModules",
            dependencies: [
                .product(name: "CollaborationModule", package: "Collaboration"),
                .product(name: "InventoryModule", package: "Inventory"),
                .product(name: "MarketingModule", package: "Marketing"),
                .product(name: "SalesModule", package: "Sales"),
                .product(name: "SupportModule", package: "Support"),
            ]),

        // MARK: Programs: wiring only
        program("crm", ["Supervisor", "ModuleTemplate"]),
        program(
            "crm-kernel",
            [
                sdk, "RPC", "Backup", "Installation", "ModuleLoader", "Records", "Identity", "Jobs",
                "Storage",
                "Core", "Settings", "Crypto", "CLinux", "Log",
            ]),
        program("crm-rpc", ["Gateway", "TLS", "Settings", "Log"]),
        program("crm-admin", ["Admin", "Settings"]),

        // MARK: Tests
        .target(
            name: "TestRandom", path: "Tests/TestRandom", packageAccess: false, swiftSettings: strict),
        .target(
            name: "TestKit", dependencies: ["JSON", "TLS", "HTTP", "Wire"], path: "Tests/TestKit",
            packageAccess: false, swiftSettings: strict),
        tests("JSONTests", ["TestRandom", "JSON"]),
        tests("TextTests", ["Text"]),
        tests("PrintingTests", ["Printing"]),
        tests("CryptoTests", ["Crypto"]),
        tests("SettingsTests", ["Settings", "Log"]),
        tests("HTTPTests", ["TestRandom", "HTTP"]),
        tests("WireTests", ["TestRandom", "TestKit", "Wire"]),
        tests("TLSTests", ["TLS", "Crypto"]),
        tests("GatewayTests", ["TestKit", "Gateway", "HTTP", "TLS", "Wire", "Log"]),
        tests("SQLiteTests", ["SQLite"]),
        tests("AdminTests", ["TestRandom", "TestKit", "Admin", "JSON", "Wire"]),
        tests("TestKitTests", ["TestKit"]),
        tests(
            "ModuleTemplateTests", ["ModuleTemplate", "TestKit"]),
        tests(
            "SupervisorTests",
            ["Supervisor", "Settings", "TestKit", "ModuleLoader", "JSON", sdk]),
        tests("CRMSDKTests", ["TestRandom", sdk, sdkTesting]),
        tests("ModuleLoaderTests", ["TestRandom", "TestKit", "ModuleLoader", "Log", sdk, sdkTesting]),
        tests("CollaborationModuleTests", [sdk, sdkTesting]),
        tests("InventoryModuleTests", ["TestRandom", sdk, sdkTesting]),
        tests("MarketingModuleTests", [sdk, sdkTesting]),
        tests("SalesModuleTests", [sdk, sdkTesting]),
        .target(
            name: "SecurityCases", dependencies: ["TestRandom", "Security", sdk], path: "Tests/SecurityCases",
            packageAccess: false, swiftSettings: strict),
        tests("SecurityTests", ["Security", "SecurityCases", sdk]),
        tests("SupportModuleTests", [sdk, sdkTesting]),
        tests(
            "IdentityTests",
            ["Identity", "Storage", "Query", "Security", "Crypto", "JSON", "Log", sdk]),
        tests(
            "RecordsTests",
            [
                "TestRandom", "SecurityCases", "Records", "Installation", "Jobs", "Core", "Storage", "Query",
                "Registry", "Security", "Crypto", "Text", "Log", sdk,
            ]),
        tests("QueryTests", ["Query", sdk]),
        tests("JobsTests", ["Jobs", sdk]),
        tests("RegistryTests", ["TestRandom", "Registry", sdk]),
        tests(
            "RPCTests",
            [
                "TestRandom", "RPC", "Backup", "Installation", "Records", "Identity", "Core", "Storage",
                "Query", "Registry", "Security", "Crypto", "JSON", "Wire", "Log", sdk,
            ]),
        tests("BackupTests", ["Backup", "Storage", "Crypto", "Log", sdk]),
        tests(
            "StorageTests", ["TestRandom", "Storage", "SQLite", "Query", "Registry", "Crypto", "Log", sdk]),
        tests(
            "EndToEndTests",
            [
                "TestRandom", "TestKit", "JSON", "HTTP", "SQLite", "Crypto",
                .product(name: "FaultyFixture", package: "Faulty"),
            ]),
        tests("ArchitectureTests", []),
    ]
)
