// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that it reaches the SDK through the dynamic product as everyone does: as a target beside
// the SDK it would bring a second copy of the SDK's types into every test program, and casts would fail.

let package = Package(
    name: "CRMSDKTesting",
    products: [.library(name: "CRMSDKTesting", targets: ["CRMSDKTesting"])],
    dependencies: [.package(path: "../CRMSDK")],
    targets: [
        .target(
            name: "CRMSDKTesting",
            dependencies: [.product(name: "CRMSDK", package: "CRMSDK")],
            path: "Sources",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ])
    ]
)
