// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Faulty",
    // Not lib…Module.so: the kernel's catalog must not offer it beside real modules; tests enable it by its path.
    products: [.library(name: "FaultyFixture", type: .dynamic, targets: ["FaultyModule"])],
    dependencies: [.package(path: "../../../../Sources/CRMSDK")],
    targets: [
        .target(
            name: "FaultyModule",
            dependencies: [
                .product(name: "CRMSDK", package: "CRMSDK"), .product(name: "CModuleABI", package: "CRMSDK"),
            ],
            path: "Sources",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                // The name in the library's stamp: see CModuleABI.h.
                .unsafeFlags(["-Xcc", "-DCRM_MODULE_NAME=faulty"]),
            ])
    ]
)
