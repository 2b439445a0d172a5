// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Marketing",
    products: [.library(name: "MarketingModule", type: .dynamic, targets: ["MarketingModule"])],
    dependencies: [.package(path: "../../Sources/CRMSDK")],
    targets: [
        .target(
            name: "MarketingModule",
            dependencies: [
                .product(name: "CRMSDK", package: "CRMSDK"), .product(name: "CModuleABI", package: "CRMSDK"),
            ],
            path: "Sources",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                // The name in the library's stamp: see CModuleABI.h.
                .unsafeFlags(["-Xcc", "-DCRM_MODULE_NAME=marketing"]),
            ])
    ]
)
