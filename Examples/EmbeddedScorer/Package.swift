// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "EmbeddedScorer",
    dependencies: [.package(name: "modelcast", path: "../..")],
    targets: [
        .executableTarget(
            name: "EmbeddedScorer",
            dependencies: [
                .product(name: "Modelcast", package: "modelcast"),
                .product(name: "ModelcastEngines", package: "modelcast"),
            ])
    ]
)
