/// The engine's named numbers.
enum KafkaLimits {
    /// Records in one call of `send`: the index of a record within its call takes this many values in a
    /// message's tag.
    static let recordsPerSend = 1 << 24
    /// How long one blocking call into librdkafka may last before the thread looks for requests to stop.
    static let sliceMilliseconds: Int32 = 250
    /// How long such a call may become when an answer is slow.
    static let longestSliceMilliseconds: Int32 = 4_000
    /// The same for calls whose repetition makes librdkafka try again at once, where by itself it would wait
    /// half a second.
    static let eagerSliceMilliseconds: Int32 = 25
    /// Groups whose offsets were asked for and whose clients stay connected.
    static let groupClients = 4
    /// How long a client that has never reached a broker keeps trying before an administrative call gives up.
    static let firstContact: Duration = .seconds(3)
    /// How many records of a transaction are kept until its commit; a larger one is sent as it comes.
    static let gatheredRecordsMax = 2_000
    /// How long an abort waits for what is on its way.
    static let settling: Duration = .seconds(5)
    /// How long a call may outlast its limit before nobody waits for it any more.
    static let overtime: Duration = .seconds(2)
    /// How long a closed member that cannot leave yet is served before calls of it have a turn.
    static let closedTurn: Duration = .milliseconds(250)
    /// How long a writer waits before it looks again whether the local queue has room.
    static let fullQueuePause: Duration = .milliseconds(2)
    /// Messages in a producer's local queue.
    static let producerQueueMessages = 500_000
    /// Kilobytes in a producer's local queue.
    static let producerQueueKilobytes = 128 << 10
    /// Messages that a member of a group asks librdkafka to hold ahead.
    static let streamMessages = 200_000
    /// Messages that a reader of a topic's history asks librdkafka to hold ahead. A smaller number makes
    /// librdkafka 2.0.2 pause between fetches; memory is bounded by the kilobytes below.
    static let readAheadMessages = 1_000_000
    /// How often a fetching thread that seems to sleep is woken.
    static let wakingMilliseconds: Int32 = 5
    /// How long a reader waits before it looks again whether a fetching thread sleeps.
    static let restingMilliseconds: Int32 = 50
    /// Kilobytes that a reader of a topic's history holds ahead.
    static let readAheadKilobytes = 64 << 10
    /// The same in the background: about one answer of a broker that leads every partition of a topic.
    static let backgroundKilobytes = 4 << 10
    /// Kilobytes that a member of a group holds ahead: a tenth of a second at a gigabit a second.
    static let streamKilobytes = 16 << 10
    /// Bytes of one partition that a member of a group asks for at once; a larger batch of records comes all
    /// the same, by itself.
    static let streamFetchBytes = 256 << 10
    /// Bytes of all partitions that it asks a broker for at once.
    static let streamFetchAllBytes = 4 << 20
    /// Kilobytes that a reader that seeks holds ahead.
    static let seekingKilobytes = 2 << 10
    /// How long a broker holds a fetch when there is nothing to send: the delay of "caught up", and of a seek
    /// at the end of a partition. New records end the wait at once.
    static let fetchWaitMilliseconds = 20
    /// The same for a reader that seeks to single records.
    static let seekingFetchWaitMilliseconds = 5
    /// How long a record of a transaction waits for others that go to the broker with it. Nobody sees it
    /// before the commit, which waits for nothing.
    static let transactionLingerMilliseconds = 5
    /// The same for a record that is seen as soon as it is written.
    static let lingerMilliseconds = 1
    /// Producers wait this long before they repeat a refused request; librdkafka's own 100 ms make every
    /// transaction that follows another one wait as long.
    static let retryBackoffMilliseconds = 5
    /// How long a topic that a broker does not know is asked for again: another broker may have made it just
    /// now.
    static let unknownTopicPatience: Duration = .seconds(1)
    /// How long a new topic may take to appear on all brokers.
    static let topicPropagation: Duration = .seconds(10)
}
