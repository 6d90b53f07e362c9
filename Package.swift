// swift-tools-version: 6.2
// One target a layer (ARCHITECTURE.md). No outside package: the toolchain and C libraries of the
// distribution.
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]
/// For targets that call C or use unsafe code: the compiler then asks for `unsafe` at each use.
let unsafeSettings: [SwiftSetting] = settings + [.strictMemorySafety()]

func library(_ name: String, _ dependencies: [String] = [], unsafe: Bool = false) -> Target {
    .target(
        name: name, dependencies: dependencies.map { .byName(name: $0) }, exclude: documents(name),
        swiftSettings: unsafe ? unsafeSettings : settings)
}

/// Layers that are hard enough for a page of their own.
func documents(_ name: String) -> [String] {
    ["EmbeddedLog", "KafkaLog", "Snapshots"].contains(name) ? ["DESIGN.md"] : []
}

func tests(_ name: String, _ dependencies: [String], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: ([name] + dependencies).map { .byName(name: $0) },
        exclude: exclude,
        swiftSettings: settings)
}

func system(_ name: String, _ pkgConfig: String, _ package: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

let package = Package(
    name: "modelcast",
    products: [
        .executable(name: "modelcast", targets: ["ModelcastCommand"]),
        .library(name: "Modelcast", targets: ["Modelcast"]),
        .library(name: "ModelcastEngines", targets: ["KafkaLog", "EmbeddedLog"]),
        .library(
            name: "ModelcastTestKits", targets: ["EventLogTesting", "PredictorTesting", "ModelcastTesting"]),
    ],
    targets: [
        // C libraries.
        system("CRdKafka", "rdkafka", "librdkafka-dev"),
        system("CSQLite", "sqlite3", "libsqlite3-dev"),
        system("CZstd", "libzstd", "libzstd-dev"),
        system("CCrypto", "libcrypto", "libssl-dev"),
        system("CYAML", "yaml-0.1", "libyaml-dev"),
        system("CMicroHTTPD", "libmicrohttpd", "libmicrohttpd-dev"),
        .systemLibrary(name: "CAllocator"),

        // Domain-free.
        library("Telemetry", unsafe: true),
        library("Configuration", ["CYAML"], unsafe: true),
        library("Arguments"),
        library("Charts"),
        library("Basics", unsafe: true),
        library("Tabular", ["Basics"], unsafe: true),
        library("SQLite", ["CSQLite", "Basics"], unsafe: true),
        library("Zstd", ["CZstd", "Basics"], unsafe: true),
        library("Crypto", ["CCrypto", "Basics"], unsafe: true),

        // The log: the protocol and its engines.
        library("EventLog", ["Basics"]),
        library("KafkaLog", ["EventLog", "CRdKafka", "Basics", "Telemetry"], unsafe: true),
        library("EmbeddedLog", ["EventLog", "SQLite", "Basics"], unsafe: true),
        library("EventLogTesting", ["EventLog", "Basics", "CRdKafka"], unsafe: true),

        // Models as data.
        library("Features", ["Basics"]),
        library("Models", ["Basics"], unsafe: true),
        library("PredictorTesting", ["Models"]),
        library("Snapshots", ["EventLog", "Zstd", "Crypto", "Basics"]),
        library("Catalog", ["Snapshots", "EventLog", "Crypto", "Basics"]),
        library(
            "Modelcast",
            ["Catalog", "Snapshots", "Features", "Models", "EventLog", "Crypto", "Basics", "Telemetry"],
            unsafe: true),
        library(
            "ModelcastTesting",
            [
                "Modelcast", "Catalog", "Snapshots", "EventLogTesting", "EventLog", "Features", "Models",
                "Crypto", "Basics",
            ]),

        // Services.
        library(
            "Training",
            ["Features", "Models", "SQLite", "Tabular", "Crypto", "Basics"],
            unsafe: true),
        library(
            "Scoring",
            ["Modelcast", "Snapshots", "Features", "Models", "EventLog", "Basics", "Telemetry"]),
        library(
            "BatchScoring",
            [
                "Modelcast", "Snapshots", "Features", "Models", "SQLite", "Tabular", "Crypto", "Basics",
            ]),
        library(
            "OnlineLearning",
            [
                "Modelcast", "Catalog", "Snapshots", "Features", "Models", "EventLog", "Basics",
                "Telemetry",
            ]),
        library("Gateway", ["CMicroHTTPD", "Telemetry", "Basics"], unsafe: true),
        .executableTarget(
            name: "ModelcastCommand",
            dependencies: [
                "Gateway", "Scoring", "BatchScoring", "OnlineLearning", "Training", "Modelcast", "Catalog",
                "Snapshots",
                "Features", "Models", "EventLog", "KafkaLog", "EmbeddedLog", "SQLite", "Tabular", "Crypto",
                "Basics",
                "Telemetry", "Configuration", "Arguments", "Charts", "CAllocator",
            ],
            swiftSettings: settings),

        tests("Telemetry", []),
        tests("Configuration", ["Arguments"]),
        tests("Arguments", []),
        tests("Charts", []),
        tests("Basics", []),
        tests("Tabular", ["Basics"]),
        tests("SQLite", ["Basics"]),
        tests("Zstd", []),
        tests("Crypto", []),
        tests("EventLog", ["EventLogTesting", "Basics"]),
        tests("KafkaLog", ["EventLog", "EventLogTesting", "Basics"]),
        tests("EmbeddedLog", ["EventLog", "EventLogTesting", "SQLite", "CSQLite", "Basics"]),
        .target(name: "CAllocationCount", path: "Tests/CAllocationCount"),
        tests("Features", ["Models", "Basics", "CAllocationCount"]),
        tests("Models", ["PredictorTesting", "Basics"], exclude: ["Oracles/make.py", "Fixtures"]),
        tests("Snapshots", ["ModelcastTesting", "EventLog", "EventLogTesting", "Basics", "Crypto"]),
        tests("Catalog", ["Snapshots", "EventLog", "EventLogTesting", "Crypto", "Basics"]),
        tests(
            "Modelcast",
            [
                "ModelcastTesting", "EventLogTesting", "KafkaLog", "EmbeddedLog", "EventLog", "Catalog",
                "Snapshots", "Features", "Models", "Crypto", "Basics",
            ]),
        tests(
            "Training", ["Features", "Models", "Tabular", "Basics"],
            exclude: ["Oracles/oracle.py"]),
        tests(
            "Scoring",
            [
                "Snapshots", "EventLogTesting", "EventLog", "Modelcast", "Features", "Models", "Basics",
                "CAllocationCount",
            ]),
        tests(
            "BatchScoring",
            ["Features", "Models", "SQLite", "Tabular", "Basics"]),
        tests(
            "OnlineLearning",
            [
                "Snapshots", "Catalog", "EventLogTesting", "EventLog", "Modelcast",
                "Features", "Models", "Basics",
            ]),
        tests("Gateway", ["Telemetry"]),
        tests(
            "ModelcastCommand",
            ["EventLogTesting", "EventLog", "Catalog", "Tabular", "Configuration", "Arguments", "Basics"]),
        .testTarget(
            name: "Journeys",
            dependencies: [
                "ModelcastCommand", "EventLogTesting", "KafkaLog", "EmbeddedLog", "EventLog", "Modelcast",
                "Catalog", "Snapshots",
                "Models", "Basics",
            ],
            swiftSettings: settings),
        .testTarget(name: "Tidy", swiftSettings: settings),
    ]
)
