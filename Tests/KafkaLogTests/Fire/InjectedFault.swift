import EventLog
import EventLogTesting
import Testing

/// What a broker answers, to which request, and what must come of it.
struct InjectedFault: Sendable, CustomTestStringConvertible {
    /// What is done while the broker answers so.
    enum Scenario: String, Sendable {
        /// Twenty records, one after another, by a writer outside transactions.
        case write
        /// Fifty records, by a reader of partitions.
        case read
        /// The same by a member of a group, which commits, leaves, and comes back.
        case group
        /// Transactions with records and consumed offsets.
        case transact
    }

    /// What must come of it.
    enum Outcome: Sendable, Equatable {
        /// Nobody hears of it.
        case passes
        /// A call fails with this code; the same client goes on.
        case refused(LogError.Code)
        /// The group takes the partitions; commits are refused until it gives them back.
        case takenAway
        /// Nobody hears of it, or the open transaction must be aborted: that is the client's choice.
        case repeated
        /// Nobody hears of it, or the reader ends with this code and a new one goes on.
        case remade(LogError.Code)
        /// The open transaction must be aborted, and perhaps the next one, up to so many in a row; the same
        /// writer goes on.
        case aborted(atMost: Int)
        /// The client is finished, with this code; a new one goes on.
        case ended(LogError.Code)
    }

    let scenario: Scenario
    let request: MockKafkaCluster.Request
    let name: String
    let codes: [Int32]
    let outcome: Outcome

    var testDescription: String { "\(scenario), \(name) answered \(codes)" }

    private init(
        _ scenario: Scenario, _ request: MockKafkaCluster.Request, _ name: String, _ codes: [Int32],
        _ outcome: Outcome
    ) {
        self.scenario = scenario
        self.request = request
        self.name = name
        self.codes = codes
        self.outcome = outcome
    }

    /// Every error by itself; those that pass come twice in a row.
    private static func cases(
        _ scenario: Scenario, _ request: MockKafkaCluster.Request, _ name: String, pass: [Int32] = [],
        lose: [Int32] = [], repeat: [Int32] = [],
        remake: [(Int32, LogError.Code)] = [], abort: [Int32] = [], abortTwice: [Int32] = [],
        refuse: [(Int32, LogError.Code)] = [],
        end: [(Int32, LogError.Code)] = []
    ) -> [InjectedFault] {
        pass.map { InjectedFault(scenario, request, name, [$0, $0], .passes) }
            + lose.map { InjectedFault(scenario, request, name, [$0], .takenAway) }
            + `repeat`.map { InjectedFault(scenario, request, name, [$0, $0], .repeated) }
            + remake.map { InjectedFault(scenario, request, name, [$0.0, $0.0], .remade($0.1)) }
            + abort.map { InjectedFault(scenario, request, name, [$0], .aborted(atMost: 1)) }
            + abortTwice.map { InjectedFault(scenario, request, name, [$0], .aborted(atMost: 2)) }
            + refuse.map { InjectedFault(scenario, request, name, [$0.0], .refused($0.1)) }
            + end.map { InjectedFault(scenario, request, name, [$0.0], .ended($0.1)) }
    }

    private static let lost = MockKafkaCluster.Request.disconnect

    /// Every kind of request that this engine sends and the mock cluster lets fail, with the errors that
    /// brokers answer it with (numbers: kafka.apache.org/protocol, "Error Codes").
    static let all: [InjectedFault] = writing + reading + grouping + transacting

    private static let writing: [InjectedFault] =
        cases(
            .write, .produce, "Produce", pass: [3, 5, 6, 7, 19, 20, 56, 59, lost],
            refuse: [
                (10, .tooLarge), (87, .corrupt), (17, .invalidTopic), (13, .unavailable), (47, .fenced),
            ],
            end: [(45, .engine), (29, .denied)])
        + cases(
            .write, .initProducerID, "InitProducerId", pass: [14, 15, 16, lost], end: [(31, .denied)])
        + cases(.write, .metadata, "Metadata", pass: [3, 5, lost])
        + cases(.write, .apiVersions, "ApiVersions", pass: [35, lost])

    private static let reading: [InjectedFault] =
        cases(
            .read, .fetch, "Fetch", pass: [1, 3, 5, 6, 7, 9, 56, 75, 78, lost], refuse: [(29, .denied)])
        + cases(
            .read, .listOffsets, "ListOffsets", pass: [5, 6, 7, 78, lost], refuse: [(29, .denied)])
        + cases(.read, .metadata, "Metadata", pass: [5, lost])

    private static let grouping: [InjectedFault] =
        cases(
            .group, .findCoordinator, "FindCoordinator", pass: [14, 15],
            refuse: [(30, .denied), (lost, .unavailable)])
        + cases(
            .group, .joinGroup, "JoinGroup", pass: [14, 15, 16, 25, 27, lost],
            refuse: [(30, .denied), (26, .configuration)])
        + cases(
            .group, .syncGroup, "SyncGroup", pass: [15, 16, 22, 25, 27, 30, lost])
        + cases(.group, .heartbeat, "Heartbeat", pass: [15, 16, lost], lose: [22, 25, 27])
        + cases(.group, .leaveGroup, "LeaveGroup", pass: [15, 16, 25, lost])
        + cases(
            .group, .offsetCommit, "OffsetCommit", pass: [14, 15, 16, lost], lose: [22, 25],
            refuse: [(30, .denied), (12, .engine)])
        + cases(
            .group, .offsetFetch, "OffsetFetch", pass: [lost],
            remake: [(14, .unavailable), (15, .unavailable), (16, .unavailable), (30, .denied)])

    private static let transacting: [InjectedFault] =
        cases(
            .transact, .findCoordinator, "FindCoordinator", pass: [14, 15, lost], end: [(53, .denied)])
        + cases(
            .transact, .initProducerID, "InitProducerId", pass: [14, 15, 16, 51, lost],
            end: [(53, .denied), (50, .configuration), (90, .fenced), (47, .fenced)])
        + cases(
            .transact, .addPartitionsToTransaction, "AddPartitionsToTxn", pass: [3, 14, 15, 16, 51, lost],
            abort: [29, 49], end: [(47, .fenced), (90, .fenced), (53, .denied), (48, .transactionAborted)])
        + cases(
            .transact, .produce, "Produce", pass: [6, 7, lost], repeat: [19, 20, 56], abort: [59],
            // After a refusal librdkafka 2.0.2 goes on with the numbers that the broker has not seen.
            abortTwice: [10], end: [(90, .fenced), (45, .engine)])
        + cases(
            .transact, .addOffsetsToTransaction, "AddOffsetsToTxn", pass: [14, 15, 16, 51, lost],
            abort: [30], end: [(47, .fenced), (90, .fenced), (53, .denied), (48, .transactionAborted)])
        + cases(
            .transact, .transactionOffsetCommit, "TxnOffsetCommit",
            repeat: [3, 7, 14, 15, 16, lost], abort: [22, 25, 30],
            end: [(47, .fenced), (82, .fenced), (90, .fenced)])
        + cases(
            .transact, .endTransaction, "EndTxn", pass: [14, 15, 16, 51, lost], abort: [49],
            end: [(47, .fenced), (90, .fenced), (53, .denied), (48, .transactionAborted)])
}
