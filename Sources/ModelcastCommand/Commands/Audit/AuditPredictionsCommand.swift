import Arguments
import Basics
import Catalog
import EventLog
import Modelcast
import Scoring
import Snapshots

/// `modelcast audit predictions`: reads a scored stream back and checks that each event ended once and right.
struct AuditPredictionsCommand: Command {
    static let model = Option(
        "model", optional: .modelName,
        help: "The model whose predictions are checked; without it, the only one of the catalog.")
    static let group = Option(
        "group", optional: .instance, valueName: "GROUP",
        help: "The scorers' consumer group, which says how far they are; by default PREFIXscore-MODEL.")
    static let recompute = Option(
        "recompute", .recomputation, default: "all",
        help: "Which predictions are computed again and compared bit for bit: all, none, or a share as 5%.")
    static let seed = Option(
        "seed", .integer(in: 0...Int.max), default: "1", help: "Chooses the events of a share.")
    static let from = Option(
        "from", repeated: .partitionOffset,
        help: "The first offset of a partition to look at; without it, the first that is there.")
    static let to = Option(
        "to", repeated: .partitionOffset,
        help: "The offset of a partition behind the last to look at; without it, its end.")
    static let show = Option(
        "show", .integer(in: 0...1_000_000), default: "20",
        help: "How many places of each kind of offence are listed.")
    static let spec = CommandSpec(
        "predictions",
        abstract: "Check that each event ended as one prediction or dead letter, and as the right one.",
        discussion: """
            Reads events, predictions and dead letters up to where they end now, as a read_committed reader. \
            Each event must have exactly one outcome, no outcome may lack its event, and each outcome must \
            be, bit for bit, what the version that it names makes of the event. Events that the group has \
            not come to are told apart from lost ones, so that it may run beside scorers. Ends with 1 when \
            something is wrong. Needs ten bytes of memory an event.
            """,
        options: [
            model, ScoreCommand.input, ScoreCommand.output, ScoreCommand.deadLetter, group, recompute, seed,
            from, to, show,
        ] + EventOptions.all + [ModelOptions.cache] + CommonOptions.all,
        examples: [
            .init("modelcast audit predictions --model tips", "Check everything that there is."),
            .init(
                "modelcast audit predictions --model tips --recompute 1% --from 0:5000000",
                "Check partition 0 from an offset on, computing every hundredth prediction again."),
        ])

    let common: CommonOptions
    let model: ModelName?
    let recomputation: Recomputation
    let from: [Partition: Offset]
    let to: [Partition: Offset]
    let show: Int
    let cache: String?
    private let group: String?
    private let topics: (input: TopicName, output: TopicName, deadLetter: TopicName)
    private let layout: EventOptions

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        model = try values[Self.model]
        group = try values[Self.group]
        let names = try common.topics
        topics = (
            input: try values[ScoreCommand.input].map { try TopicName($0) } ?? names.events,
            output: try values[ScoreCommand.output].map { try TopicName($0) } ?? names.predictions,
            deadLetter: try values[ScoreCommand.deadLetter].map { try TopicName($0) } ?? names.deadLetter
        )
        layout = try EventOptions(values: values)
        let given = try values[Self.recompute]
        let seed = UInt64(try values[Self.seed])
        recomputation = if case .share(let share, _) = given { .share(share, seed: seed) } else { given }
        from = Dictionary(try values[Self.from].map { ($0.partition, $0.offset) }) { $1 }
        to = Dictionary(try values[Self.to].map { ($0.partition, $0.offset) }) { $1 }
        show = try values[Self.show]
        cache = try values[ModelOptions.cache]
    }

    func run() async throws {
        let (model, options, report) = try await common.withCatalog("audit") { session in
            let model = try await name(in: session)
            var options = PredictionAuditor.Options(model: model, scoring: scoring(model))
            options.recomputation = recomputation
            options.from = from
            options.to = to
            options.offencesMax = show
            let auditor = PredictionAuditor(log: session.log, options: options) {
                [topics = session.topics, log = session.log, folders = CatalogSession.folders(cache: cache)]
                version throws(ModelcastError) in
                try await ModelLoader().load(
                    ModelReference(model, .version(version)), from: log, topics: topics, folders: folders)
            }
            let report = try await ProgressWatch.run("records") { line in
                line.update(auditor.recordsRead)
            } while: {
                try await auditor.run()
            }
            return (model, options, report)
        }
        try AuditOutput(output: common.output, model: model, scoring: options.scoring).write(report)
        guard report.isClean else { throw AuditOutput.failure(report) }
    }

    private func scoring(_ model: ModelName) -> ScoringOptions {
        ScoringOptions(
            input: topics.input, output: topics.output, deadLetter: topics.deadLetter,
            group: group ?? ScoreCommand.group(of: model, prefix: common.broker.topicPrefix), instance: "",
            layout: layout.layout)
    }

    private func name(in session: CatalogSession) async throws -> ModelName {
        if let model { return model }
        let names = try await session.follower.asOfNow().models.keys.sorted { $0.text < $1.text }
        guard let only = names.first, names.count == 1 else {
            throw CommandError(
                .notFound,
                names.isEmpty
                    ? "the catalog has no model, so there is nothing to compute predictions with"
                    : "the catalog has \(names.count) models: "
                        + names.prefix(10).map(\.text).joined(separator: ", "),
                hint: names.isEmpty ? "check --broker and --topic-prefix" : "name one with --model",
                recovery: .fixInput)
        }
        return only
    }
}

/// A place of the input on the command line.
struct PartitionOffset: Sendable {
    let partition: Partition
    let offset: Offset
}

extension ValueParser where Value == PartitionOffset {
    /// `PARTITION:OFFSET`.
    static var partitionOffset: Self {
        ValueParser("PARTITION:OFFSET", expected: "a partition and an offset, such as 0:5000") { text in
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let partition = Int32(parts[0]), let offset = Int64(parts[1]),
                partition >= 0, offset >= 0
            else { return nil }
            return PartitionOffset(partition: Partition(partition), offset: Offset(offset))
        }
    }
}

extension ValueParser where Value == Recomputation {
    /// `all`, `none`, or a share such as `5%`.
    static var recomputation: Self {
        ValueParser("all|none|N%", completion: .words(["all", "none"])) { text throws(ValueError) in
            switch text {
            case "all": return .all
            case "none": return .none
            default:
                guard text.hasSuffix("%"), let percent = Double(text.dropLast()), percent > 0, percent <= 100
                else { throw ValueError(expected: "all, none, or a share such as 5%") }
                return .share(percent / 100, seed: 0)
            }
        }
    }
}
