// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Inventory",
    products: [.library(name: "InventoryModule", type: .dynamic, targets: ["InventoryModule"])],
    dependencies: [.package(path: "../../Sources/CRMSDK")],
    targets: [
        .target(
            name: "InventoryModule",
            dependencies: [
                .product(name: "CRMSDK", package: "CRMSDK"), .product(name: "CModuleABI", package: "CRMSDK"),
            ],
            path: "Sources",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                // The name in the library's stamp: see CModuleABI.h.
                .unsafeFlags(["-Xcc", "-DCRM_MODULE_NAME=inventory"]),
            ])
    ]
)
