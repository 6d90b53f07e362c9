import Testing

/// Imports point down the table of layers in ARCHITECTURE.md.
@Suite struct LayerTests {
    /// From the lowest layer to the highest; targets of one layer do not import each other.
    static let layers: [[String]] = [
        ["Telemetry", "Configuration", "Arguments", "Charts"],
        ["Basics"],
        ["SQLite", "Zstd", "Crypto", "Tabular"],
        ["EventLog"],
        ["KafkaLog", "EmbeddedLog"],
        ["Snapshots", "Models", "Features"],
        ["Catalog"],
        ["Modelcast"],
        ["Scoring", "BatchScoring", "OnlineLearning", "Training", "Monitoring"],
        ["Gateway"],
        ["ModelcastCommand"],
    ]

    /// Test kits, each with the layer whose contents it may use: that of what it tests.
    static let testKits = [
        "EventLogTesting": "KafkaLog", "PredictorTesting": "Models", "ModelcastTesting": "Modelcast",
    ]

    /// Which targets may call which C library.
    static let owners: [String: Set<String>] = [
        "CRdKafka": ["KafkaLog", "EventLogTesting"], "CSQLite": ["SQLite"], "CZstd": ["Zstd"],
        "CCrypto": ["Crypto"],
        "CYAML": ["Configuration"], "CMicroHTTPD": ["Gateway"], "CXML2": ["Models"],
        "CCurl": ["Gateway", "Monitoring"], "CAllocator": ["ModelcastCommand"],
    ]

    private static func height(_ target: String) -> Int? {
        layers.firstIndex { $0.contains(testKits[target] ?? target) }
    }

    /// What is wrong with one import, in words; nil when nothing is.
    static func objection(to imported: String, in target: String) -> String? {
        if let owners = owners[imported] {
            return owners.contains(target)
                ? nil : "\(imported) belongs to \(owners.sorted().joined(separator: ", "))"
        }
        if imported == "Foundation" || imported == "FoundationNetworking" {
            let isService = height(target).map { $0 >= (height("Scoring") ?? 0) } ?? false
            return isService ? nil : "below the services FoundationEssentials is enough"
        }
        guard let above = height(imported) else { return nil }
        guard let below = height(target) else { return "\(target) is in no layer: add it to the table" }
        if testKits[imported] != nil {
            let isKit = testKits[target] != nil
            return isKit && above <= below ? nil : "a test kit is no part of the product"
        }
        if testKits[target] != nil {
            return above <= below ? nil : "\(imported) is above what \(target) tests"
        }
        if ["KafkaLog", "EmbeddedLog"].contains(imported), target != "ModelcastCommand" {
            return "only the command chooses an engine"
        }
        return above < below ? nil : "\(imported) is not below \(target)"
    }

    private static var importPattern: Regex<(Substring, Substring)> {
        /^\s*(?:@\w+\s+)*(?:[a-z]+\s+)?import\s+(?:[a-z]\w*\s+)?([A-Z]\w*)/
    }

    @Test func importsPointDown() {
        var seen: Set<String> = []
        for file in Repository.sources {
            for line in file.code {
                guard line.holds("import"), let found = line.firstMatch(of: Self.importPattern) else {
                    continue
                }
                let imported = String(found.1)
                seen.insert(imported)
                if imported == file.target { continue }
                if let objection = Self.objection(to: imported, in: file.target) {
                    Issue.record("\(file.path) imports \(imported): \(objection)")
                }
            }
        }
        #expect(
            seen.isSuperset(of: ["Basics", "Telemetry", "CYAML", "CMicroHTTPD"]), "the search finds imports")
    }

    @Test func everyTargetIsInTheTable() {
        for target in Set(Repository.sources.map(\.target)) {
            #expect(Self.height(target) != nil || Self.owners[target] != nil, "\(target) is in no layer")
        }
    }

    @Test(arguments: [
        ("Modelcast", "Basics", true), ("Modelcast", "Catalog", true), ("ModelcastCommand", "KafkaLog", true),
        ("ModelcastTesting", "EventLogTesting", true), ("Basics", "Glibc", true),
        ("Training", "Foundation", true),
        ("Basics", "Modelcast", false), ("Scoring", "KafkaLog", false), ("Snapshots", "Models", false),
        ("EmbeddedLog", "CSQLite", false), ("Modelcast", "EventLogTesting", false),
        ("Basics", "Foundation", false),
        ("Scoring", "OnlineLearning", false), ("Elsewhere", "Basics", false),
    ])
    func theRuleItself(target: String, imported: String, isAllowed: Bool) {
        #expect((Self.objection(to: imported, in: target) == nil) == isAllowed)
    }
}
