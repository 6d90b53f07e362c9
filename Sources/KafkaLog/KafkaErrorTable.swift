internal import Basics
internal import CRdKafka
internal import EventLog

/// What each error of Kafka means for a caller: its kind, and whether the same call may succeed later. Codes
/// that are not in the table are `engine` and not retriable.
///
/// Source: the protocol guide's error table (kafka.apache.org/protocol, "Error Codes") and `rdkafka.h`.
enum KafkaErrorTable {
    /// One error's meaning.
    struct Row {
        var code: LogError.Code
        var isRetriable: Bool
        var hint: String
    }

    /// The meaning of error number `code`.
    static func row(of code: Int32) -> Row {
        rows[code] ?? Row(code: .engine, isRetriable: false, hint: "")
    }

    /// Kafka's name of error number `code`.
    static func name(of code: Int32) -> String {
        guard let name = unsafe rd_kafka_err2name(rd_kafka_resp_err_t(rawValue: code)) else {
            return "error \(code)"
        }
        return unsafe String(cString: name)
    }

    /// librdkafka's sentence for error number `code`.
    static func text(of code: Int32) -> String {
        unsafe String(cString: rd_kafka_err2str(rd_kafka_resp_err_t(rawValue: code)))
    }

    /// Whether `code` only says that the client itself threw a record away.
    static func isPurge(_ code: Int32) -> Bool {
        code == RD_KAFKA_RESP_ERR__PURGE_QUEUE.rawValue || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT.rawValue
    }

    /// The error numbers that the table knows, for tests.
    static var knownCodes: [Int32] { rows.keys.sorted() }

    private static let networkHint = "check that the brokers run and that the address is right"
    private static let deniedHint = "check user, password, certificate and the broker's access rules"
    private static let sizeHint = "send smaller records, or raise max.message.bytes of the topic"
    private static let replicaHint = "wait until enough brokers are up, or check min.insync.replicas"
    private static let topicHint = "create the topic first, and check its name"
    private static let fencedHint =
        "another instance runs under the same name: stop one, or give it another name"

    private static let rows: [Int32: Row] = {
        var rows: [Int32: Row] = [:]
        func add(
            _ code: LogError.Code, retriable: Bool = false, hint: String = "",
            _ errors: [rd_kafka_resp_err_t]
        ) {
            for error in errors {
                precondition(rows[error.rawValue] == nil, "error \(error.rawValue) stands in two rows")
                rows[error.rawValue] = Row(code: code, isRetriable: retriable, hint: hint)
            }
        }
        add(
            .unavailable, retriable: true, hint: networkHint,
            [
                RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
                RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
                RD_KAFKA_RESP_ERR__UNKNOWN_BROKER,
            ])
        add(
            .unavailable, retriable: true,
            [
                RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                RD_KAFKA_RESP_ERR_NOT_CONTROLLER, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
                RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
                RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
                RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED,
                RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__RETRY, RD_KAFKA_RESP_ERR__QUEUE_FULL,
                RD_KAFKA_RESP_ERR__ISR_INSUFF, RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS,
                RD_KAFKA_RESP_ERR__IN_PROGRESS, RD_KAFKA_RESP_ERR__WAIT_CACHE,
            ])
        add(
            .unavailable, retriable: true, hint: replicaHint,
            [RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND])
        add(
            .timedOut, retriable: true, hint: networkHint,
            [
                RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
                RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            ])
        add(
            .denied, hint: deniedHint,
            [
                RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR__SSL,
                RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM,
                RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
                RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
            ])
        add(
            .notFound, hint: topicHint,
            [
                RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
                RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
            ])
        add(.invalidTopic, [RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION])
        add(
            .topicMismatch,
            [RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, RD_KAFKA_RESP_ERR_INVALID_PARTITIONS])
        add(
            .tooLarge, hint: sizeHint,
            [RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE])
        add(
            .fenced, hint: fencedHint,
            [
                RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
                RD_KAFKA_RESP_ERR_PRODUCER_FENCED, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
                RD_KAFKA_RESP_ERR_TRANSACTION_COORDINATOR_FENCED,
            ])
        add(
            .notAssigned,
            [
                RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
                RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST,
            ])
        add(
            .configuration,
            [
                RD_KAFKA_RESP_ERR_INVALID_CONFIG, RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR,
                RD_KAFKA_RESP_ERR_POLICY_VIOLATION, RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT,
                RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, RD_KAFKA_RESP_ERR_INVALID_GROUP_ID,
                RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE,
                RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, RD_KAFKA_RESP_ERR__INVALID_ARG,
            ])
        add(
            .corrupt,
            [
                RD_KAFKA_RESP_ERR__BAD_MSG, RD_KAFKA_RESP_ERR__BAD_COMPRESSION,
                RD_KAFKA_RESP_ERR_INVALID_MSG, RD_KAFKA_RESP_ERR_INVALID_RECORD,
            ])
        add(.storage, retriable: true, [RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR])
        add(.closed, [RD_KAFKA_RESP_ERR__DESTROY])
        add(
            .transactionAborted,
            [
                RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
                RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING,
            ])
        return rows
    }()
}
