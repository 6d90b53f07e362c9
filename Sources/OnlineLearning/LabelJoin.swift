public import Basics

/// Brings events and their labels together by id, whichever comes first.
///
/// A pure value. What waits for its partner is part of the learner's state and travels in the snapshot.
/// Waiting is bounded by count: beyond it the oldest by record time (then place) is given up, so that the
/// outcome depends on the log's content alone.
public struct LabelJoin: Sendable, Equatable {
    /// Where and when a record stood in the log; orders examples, whatever the order of arrival.
    public struct Moment: Sendable, Hashable, Comparable {
        /// The record's timestamp.
        public var timestamp: Timestamp
        /// Its partition's number.
        public var partition: Int32
        /// Its offset.
        public var offset: Int64

        /// A record's moment.
        public init(timestamp: Timestamp, partition: Int32, offset: Int64) {
            self.timestamp = timestamp
            self.partition = partition
            self.offset = offset
        }

        public static func < (left: Moment, right: Moment) -> Bool {
            (left.timestamp, left.partition, left.offset) < (right.timestamp, right.partition, right.offset)
        }
    }

    /// An event that waits for its label: its row of model input.
    public struct WaitingEvent: Sendable, Equatable {
        /// The row; NaN where a value is missing.
        public var row: [Float]
        /// Where it stood.
        public var moment: Moment
    }

    /// A label that waits for its event.
    public struct WaitingLabel: Sendable, Equatable {
        /// The label.
        public var label: Bool
        /// Where it stood.
        public var moment: Moment
    }

    /// An event and its label.
    public struct Example: Sendable, Equatable {
        /// The row; NaN where a value is missing.
        public var row: [Float]
        /// What turned out to be true.
        public var label: Bool
        /// The label's place: examples are learned in the order of their labels.
        public var moment: Moment
    }

    /// The most events, and the most labels, that wait.
    public let waitingMax: Int
    /// Events that wait, by id.
    public private(set) var events: [[UInt8]: WaitingEvent] = [:]
    /// Labels that wait, by id.
    public private(set) var labels: [[UInt8]: WaitingLabel] = [:]
    /// Events and labels that were given up because too many waited.
    public private(set) var givenUp = 0

    /// A join in which at most `waitingMax` events and as many labels wait.
    public init(waitingMax: Int = 100_000) {
        self.waitingMax = waitingMax
    }

    /// A join that was stored.
    public init(
        waitingMax: Int, events: [[UInt8]: WaitingEvent], labels: [[UInt8]: WaitingLabel], givenUp: Int
    ) {
        self.waitingMax = waitingMax
        self.events = events
        self.labels = labels
        self.givenUp = givenUp
    }

    /// Takes an event. Returns the example when its label was already there. A later event of the same id
    /// replaces one that waits.
    public mutating func add(event id: [UInt8], row: [Float], at moment: Moment) -> Example? {
        if let label = labels.removeValue(forKey: id) {
            return Example(row: row, label: label.label, moment: label.moment)
        }
        events[id] = WaitingEvent(row: row, moment: moment)
        if events.count > waitingMax { giveUpOldestEvents() }
        return nil
    }

    /// Takes a label. Returns the example when its event was already there.
    public mutating func add(label: Bool, of id: [UInt8], at moment: Moment) -> Example? {
        if let event = events.removeValue(forKey: id) {
            return Example(row: event.row, label: label, moment: moment)
        }
        labels[id] = WaitingLabel(label: label, moment: moment)
        if labels.count > waitingMax { giveUpOldestLabels() }
        return nil
    }

    // A sixteenth at once, so that the cost of sorting is spread over many records.

    private mutating func giveUpOldestEvents() {
        let oldest = events.sorted { ($0.value.moment) < ($1.value.moment) }.prefix(max(1, waitingMax / 16))
        for (id, _) in oldest { events[id] = nil }
        givenUp += oldest.count
    }

    private mutating func giveUpOldestLabels() {
        let oldest = labels.sorted { ($0.value.moment) < ($1.value.moment) }.prefix(max(1, waitingMax / 16))
        for (id, _) in oldest { labels[id] = nil }
        givenUp += oldest.count
    }
}
