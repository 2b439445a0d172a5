// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "CRMSDK",
    products: [
        .library(name: "CRMSDK", type: .dynamic, targets: ["CRMSDK"]),
        .library(name: "CModuleABI", targets: ["CModuleABI"]),
    ],
    targets: [
        .target(name: "CModuleABI"),
        .target(
            name: "CRMSDK",
            dependencies: ["CModuleABI"],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                // A module built against an older SDK keeps running on a newer kernel only with a resilient SDK.
                .unsafeFlags(["-enable-library-evolution"]),
            ]),
    ]
)
