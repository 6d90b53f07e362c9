import Arguments
import Basics
import Catalog
import Crypto
import Features
import FoundationEssentials
import Modelcast
import Snapshots
import Training

/// `modelcast train`: fits several models to a table, keeps the best, and publishes it when it is good
/// enough.
struct TrainCommand: Command {
    static let name = Option("name", .modelName, valueName: "MODEL", help: "The name of the model.")
    static let publish = Option(flag: "publish", help: "Publish the model when it meets its requirements.")
    static let alias = Option("alias", optional: .alias, help: "Point this alias to the published version.")
    static let outputDirectory = Option(
        "output", optional: .directory, valueName: "DIR", help: "Write the snapshot's files here.")
    static let champion = Option(
        "champion", optional: .modelReference,
        help: "Require that the model is no worse than this one; with --publish, the one in production.")
    static let noChampion = Option(flag: "no-champion", help: "Do not compare with the model in production.")
    static let tolerance = Option(
        "champion-tolerance", .number(in: 0...1e9), default: "0",
        help: "How much worse than the champion the chosen metric may be.")
    static let spec = CommandSpec(
        "train", abstract: "Train models from a table, keep the best, check it, publish it.",
        discussion: """
            Rows are divided by a hash into a part to fit, one to choose by and one to test on. Columns \
            that the label mentions are no features, for they would give the answer away, unless --include \
            names them. Rows that cannot be right are refused, with their lines. The same data, options \
            and seed give the same bytes.
            """,
        options: [name] + TrainingOptions.all + [
            publish, alias, outputDirectory, champion, noChampion, tolerance,
        ]
            + InputOptions.all + [ModelOptions.cache, ModelOptions.author] + CommonOptions.all,
        examples: [
            .init(
                "modelcast train --data rides.csv --label 'tips > 0.2 * fare' --include fare --name tips "
                    + "--require 'auc>=0.7' --publish", "Learn who tips generously; publish if good enough.")
        ], section: "Models")

    let common: CommonOptions
    let training: TrainingOptions
    let name: ModelName
    let publishes: Bool
    let alias: AliasName?
    let directory: String?
    let champion: ModelReference?
    let tolerance: Double
    let cache: String?
    let author: String?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        training = try TrainingOptions(values: values)
        let name = try values[Self.name]
        self.name = name
        publishes = try values[Self.publish]
        alias = try values[Self.alias]
        directory = try values[Self.outputDirectory]
        cache = try values[ModelOptions.cache]
        author = try values[ModelOptions.author]
        tolerance = try values[Self.tolerance]
        let isCompared = try !values[Self.noChampion]
        let given = try values[Self.champion]
        guard isCompared || given == nil else {
            throw UsageError(
                .conflict, "--champion and --no-champion do not go together", hint: "Leave one out.")
        }
        champion = given ?? (isCompared && publishes ? ModelReference(name, .alias(.production)) : nil)
        if !publishes, alias != nil {
            throw UsageError(
                .conflict, "--alias needs --publish", hint: "Only a published version can be pointed to.")
        }
    }

    func run() async throws {
        var request = training.request
        if let path = training.schemaFile {
            let bytes = try InputFile.read(path, bytesMax: 64 << 20)
            request.schema = try Schema(decoding: bytes.span)
        }
        guard publishes || champion != nil else {
            try finish(try await train(request), publication: nil)
            return
        }
        try await common.withCatalog("train") { [request] session in
            var request = request
            request.champion = try await currentChampion(session)
            let report = try await train(request)
            guard report.passed, publishes else { return try finish(report, publication: nil) }
            try finish(report, publication: try await publish(report, session))
        }
    }

    private func train(_ request: TrainingRequest) async throws -> TrainingReport {
        let stop = Signals.stop
        let line = Progress("training")
        let work = Task {
            try await Trainer.train(request) { progress in
                switch progress {
                case .loading: line.update(0, note: "reading \(request.data)")
                case .loaded(let rows, _): line.update(rows, note: "rows loaded")
                case .fitting(let algorithm): line.update(0, note: algorithm.rawValue)
                case .round(let algorithm, let round, let rounds, let value):
                    line.update(round, of: rounds, note: "\(algorithm.rawValue) \(Units.measure(value))")
                case .fitted: break
                }
            }
        }
        let ending = Task {
            while !stop.isRaised { try await Task.sleep(for: .milliseconds(50)) }
            work.cancel()
        }
        let result = await work.result
        ending.cancel()
        line.finish()
        return try result.get()
    }

    /// The model to compare with; nil when none was asked for, or nothing is in production yet.
    private func currentChampion(_ session: CatalogSession) async throws -> Champion? {
        guard let champion else { return nil }
        let state = try await session.follower.asOfNow()
        if case .alias(let alias) = champion.selector {
            guard let entry = state.models[champion.model], entry.target(of: alias) != nil else { return nil }
        }
        let manifest = try state.resolve(champion)
        let reader = try session.reader(cacheFolder: cache)
        let needed = [manifest.modelFile, SnapshotPath.schema, SnapshotPath.pipeline]
        let files = try await reader.read(manifest) { needed.contains($0) }
        await reader.close()
        return Champion(
            name: "\(manifest.model)@\(manifest.version)", files: files, modelFile: manifest.modelFile,
            tolerance: tolerance)
    }

    private func publish(_ report: TrainingReport, _ session: CatalogSession) async throws -> Publication {
        let model = report.model
        let state = try await session.follower.asOfNow()
        var request = PublicationRequest(
            model: name,
            modelFile: SnapshotFile(path: model.modelFile.name, source: .bytes(model.modelFile.bytes)),
            format: model.format)
        request.schema = model.file(SnapshotPath.schema).map { .bytes($0) }
        request.pipeline = model.file(SnapshotPath.pipeline).map { .bytes($0) }
        request.baseline = model.file(SnapshotPath.baseline).map { .bytes($0) }
        request.golden = model.file(SnapshotPath.golden).map { .bytes($0) }
        request.metrics = model.metrics
        request.parameters = model.parameters
        request.alias = alias
        request.lineage = Lineage(
            dataDigest: Digest(hex: model.lineage.dataDigest),
            parentVersion: state.models[name]?.newest?.version)
        return try await session.publish(request, author: author, cache: cache)
    }

    private func finish(_ report: TrainingReport, publication: Publication?) throws {
        try TrainingOutput(report: report, output: common.output).show()
        if let directory { try write(report.model, to: directory) }
        let chosen = report.chosen
        try common.output.summary(
            "train",
            [
                "model": .string(name.text), "algorithm": .string(chosen.algorithm.rawValue),
                "task": .string(report.task.rawValue), "rows": JSON(report.rows.total),
                "trainRows": JSON(report.rows.train), "validationRows": JSON(report.rows.validation),
                "testRows": JSON(report.rows.test), "metric": .string(report.metric.rawValue),
                "metrics": chosen.test.map(TrainingOutput.metrics) ?? .null,
                "passed": .boolean(report.passed),
                "version": JSON(publication) { JSON($0.manifest.version.number) },
                "digest": JSON(publication) { .string($0.manifest.digest.hex) },
            ],
            text: "\(name): \(chosen.algorithm.rawValue), test \(report.metric.rawValue) "
                + Units.measure(chosen.test?[report.metric] ?? .nan)
                + " on \(Units.count(report.rows.test)) of \(Units.count(report.rows.total)) rows"
                + (publication.map { "; published as version \($0.manifest.version)" } ?? ""))
        if let failed = report.gate.first(where: { !$0.passed }) {
            throw CommandError(
                .gate,
                "the model does not pass\(publishes ? " and was not published" : ""): \(failed.detail)",
                hint: "improve the data or the parameters, or lower the requirement", recovery: .fixInput)
        }
    }

    private func write(_ model: TrainedModel, to directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for file in model.files {
            try Data(file.bytes).write(to: URL(filePath: "\(directory)/\(file.name)"))
        }
    }
}

extension CommandError.Code {
    /// A trained model that does not meet its requirements.
    static let gate = CommandError.Code("requirement-not-met")
}
