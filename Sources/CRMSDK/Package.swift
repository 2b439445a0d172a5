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
            packageAccess: false,
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                // A module built against an older SDK keeps running on a newer kernel only with a resilient SDK.
                .unsafeFlags(["-enable-library-evolution"]),
                // The platform's own rooms, which are always built and shipped together with this library, are of the
                // same package to the compiler: they reach values and definitions directly. Modules are not, and do
                // not.
                .unsafeFlags(["-package-name", "crm_platform"]),
                .unsafeFlags(
                    ["-Xfrontend", "-package-cmo", "-Xfrontend", "-allow-non-resilient-access"],
                    .when(configuration: .release)),
            ]),
    ]
)
