internal import Basics
internal import EventLog

/// How much a reader asks librdkafka to hold ahead of its reads.
enum ReadingAhead {
    /// A stream of small records that is worked on all day: little, in small pieces. They stay in the
    /// processor's cache between the thread that receives them and the one that copies them, and their memory
    /// is used again instead of being taken from the kernel, zeroed, for every fetch.
    case stream
    /// A run through a topic from end to end, whose records may be large.
    case history
    /// The same in the background: somebody else's work goes first.
    case background
    /// Single records, between seeks.
    case nothing

    /// What a reader with `options` needs.
    init(_ options: ReaderOptions) {
        if !options.readsAhead {
            self = .nothing
        } else {
            self = options.priority == .background ? .background : .history
        }
    }

    /// Kilobytes of records.
    var kilobytes: Int {
        switch self {
        case .stream: KafkaLimits.streamKilobytes
        case .history: KafkaLimits.readAheadKilobytes
        case .background: KafkaLimits.backgroundKilobytes
        case .nothing: KafkaLimits.seekingKilobytes
        }
    }

    /// Records, whatever their size: each costs some 250 bytes beside its own.
    var messages: Int {
        switch self {
        case .stream: KafkaLimits.streamMessages
        case .history, .background: KafkaLimits.readAheadMessages
        case .nothing: 1
        }
    }

    /// Bytes of records after whose taking the fetching thread is woken, before everything is taken; nil: it
    /// is not.
    var wakingBytes: Int? {
        switch self {
        case .stream, .history: kilobytes << 10 / 4
        case .background, .nothing: nil
        }
    }
}
