internal import EventLog
internal import Modelcast
internal import Snapshots

/// Scores events again, each with the version that its outcome names, by the code that the service uses.
///
/// Each version is loaded once. Confined to one task at a time.
final class OutcomeRecomputation {
    /// Events that wait for one version.
    private final class Lane {
        let model: LoadedModel
        let scorer: EventScorer
        var input = RecordBatch()
        var output: RecordBatch

        init(_ model: LoadedModel, _ options: ScoringOptions) {
            self.model = model
            output = RecordBatch()
            scorer = EventScorer(options: options, output: &output)
        }
    }

    private let options: ScoringOptions
    private let load: @Sendable (ModelVersion) async throws(ModelcastError) -> LoadedModel
    private var lanes: [Int: Lane] = [:]
    private var failures: [Int: String] = [:]
    private var tally = ScoringTally()

    /// Scores as a service with `options` does; `load` fetches a version.
    init(
        options: ScoringOptions,
        load: @escaping @Sendable (ModelVersion) async throws(ModelcastError) -> LoadedModel
    ) {
        self.options = options
        self.load = load
    }

    /// Adds record `index` of `batch` to what waits for `version`. Returns why there is no such version; nil
    /// when there is.
    func add(_ index: Int, of batch: RecordBatch, version: Int) async -> String? {
        if let failure = failures[version] { return failure }
        if lanes[version] == nil {
            do throws(ModelcastError) {
                guard let number = ModelVersion(version) else { return "\(version) is no version" }
                lanes[version] = Lane(try await load(number), options)
            } catch {
                failures[version] = "version \(version) cannot be loaded: \(error.message)"
                return failures[version]
            }
        }
        guard let lane = lanes[version] else { return nil }
        lane.input.append(
            copyOf: index, of: batch, topic: lane.input.index(of: batch.topic(at: index)),
            partition: batch.partition(at: index), offset: batch.offset(at: index))
        return nil
    }

    /// Scores what waits, and hands every result to `body`.
    func run(_ body: (_ results: RecordBatch, _ index: Int) -> Void) {
        for lane in lanes.values where !lane.input.isEmpty {
            lane.output.removeAll()
            lane.scorer.score(lane.input, with: lane.model, into: &lane.output, tally: &tally)
            lane.input.removeAll()
            for index in 0..<lane.output.count { body(lane.output, index) }
        }
        tally = ScoringTally()
    }
}
