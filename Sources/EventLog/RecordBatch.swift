public import Basics

/// Records side by side in one run of bytes: the unit of reading and writing.
///
/// A batch is filled, used, and emptied with its memory kept, so that a loop over batches allocates nothing
/// in steady state. Records may belong to several topics; `topics` lists them, and each record holds an index
/// into it. Parsers work on `bytes.span` and the ranges that the accessors return; `record(at:)` makes an
/// owned copy where rate does not matter.
///
/// A value: safe to send between threads; copies share memory until one is changed.
public struct RecordBatch: Sendable {
    /// A record's fixed part. Key, value and headers follow each other in `bytes` from `start`.
    private struct Slot: Sendable {
        var start: Int
        var keyLength: Int32
        var valueLength: Int32
        var offset: Int64
        var timestamp: Int64
        var partition: Int32
        var headerStart: Int32
        var headerCount: Int32
        var topic: Int32
    }

    private struct HeaderSlot: Sendable {
        var name: Range<Int>
        var value: Range<Int>
    }

    /// Marks a length (key, value) or a number (partition, offset, timestamp) that is absent.
    private static let absent: Int32 = -1

    /// Keys, values and headers of all records.
    public private(set) var bytes: [UInt8] = []
    /// The topics that the records belong to.
    public private(set) var topics: [TopicName] = []
    private var slots: [Slot] = []
    private var headerSlots: [HeaderSlot] = []

    /// An empty batch.
    public init() {}

    /// A batch of `records`, in their order.
    public init(_ records: some Sequence<Record>) {
        for record in records { append(record) }
    }

    /// Records in the batch.
    public var count: Int { slots.count }

    /// Whether there is no record.
    public var isEmpty: Bool { slots.isEmpty }

    /// Bytes of keys, values and headers.
    public var byteCount: Int { bytes.count }

    /// Removes the records. Memory and `topics` stay, so topic indices remain valid.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        headerSlots.removeAll(keepingCapacity: true)
    }

    /// The index of `topic` in `topics`, which it joins when it is new.
    public mutating func index(of topic: TopicName) -> Int {
        if let index = topics.firstIndex(of: topic) { return index }
        topics.append(topic)
        return topics.count - 1
    }

    // MARK: Filling

    /// Appends a record whose key and value are copied from spans. Does not allocate once the batch has
    /// grown.
    public mutating func append(
        topic: Int, partition: Partition? = nil, offset: Offset? = nil, timestamp: Timestamp? = nil,
        key: Span<UInt8>?, value: Span<UInt8>?
    ) {
        precondition(topic >= 0 && topic < topics.count, "topic index \(topic) of \(topics.count)")
        let start = bytes.count
        var slot = Slot(
            start: start, keyLength: RecordBatch.absent, valueLength: RecordBatch.absent,
            offset: offset?.number ?? -1, timestamp: timestamp?.milliseconds ?? -1,
            partition: partition?.number ?? -1, headerStart: Int32(headerSlots.count), headerCount: 0,
            topic: Int32(topic))
        if let key {
            bytes.append(copying: key)
            slot.keyLength = Int32(key.count)
        }
        if let value {
            bytes.append(copying: value)
            slot.valueLength = Int32(value.count)
        }
        slots.append(slot)
    }

    /// Appends a record whose key is copied and whose value `write` appends to the batch's own bytes, so that
    /// an encoder needs no buffer between. `write` must only append.
    public mutating func append(
        topic: Int, partition: Partition? = nil, timestamp: Timestamp? = nil, key: Span<UInt8>?,
        writeValue write: (inout [UInt8]) -> Void
    ) {
        begin(topic: topic, partition: partition, offset: nil, timestamp: timestamp)
        if let key {
            copy(key)
            slots[slots.count - 1].keyLength = Int32(key.count)
        }
        let before = bytes.count
        write(&bytes)
        slots[slots.count - 1].valueLength = Int32(bytes.count - before)
    }

    /// Adds a header to the record appended last.
    public mutating func appendHeader(name: StaticString, value: Span<UInt8>) {
        let nameStart = bytes.count
        bytes.append(fixed: name)
        let valueStart = bytes.count
        copy(value)
        finishHeader(nameStart: nameStart, valueStart: valueStart)
    }

    /// Adds a header to the record appended last, whose value `write` appends to the batch's own bytes.
    /// `write` must only append.
    public mutating func appendHeader(name: StaticString, writeValue write: (inout [UInt8]) -> Void) {
        let nameStart = bytes.count
        bytes.append(fixed: name)
        let valueStart = bytes.count
        write(&bytes)
        finishHeader(nameStart: nameStart, valueStart: valueStart)
    }

    /// Adds a header to the record appended last.
    public mutating func appendHeader(name: Span<UInt8>, value: Span<UInt8>) {
        let nameStart = bytes.count
        copy(name)
        let valueStart = bytes.count
        copy(value)
        finishHeader(nameStart: nameStart, valueStart: valueStart)
    }

    /// Appends a copy of `record`.
    public mutating func append(_ record: Record) {
        begin(
            topic: index(of: record.topic), partition: record.partition, offset: record.offset,
            timestamp: record.timestamp)
        let last = slots.count - 1
        if let key = record.key {
            bytes.append(contentsOf: key)
            slots[last].keyLength = Int32(key.count)
        }
        if let value = record.value {
            bytes.append(contentsOf: value)
            slots[last].valueLength = Int32(value.count)
        }
        for header in record.headers {
            let name = Array(header.name.utf8)
            appendHeader(name: name.span, value: header.value.span)
        }
    }

    /// Appends a copy of record `index` of `other`, its headers included, under topic index `topic` of this
    /// batch and with the given place.
    public mutating func append(
        copyOf index: Int, of other: RecordBatch, topic: Int, partition: Partition? = nil,
        offset: Offset? = nil
    ) {
        let source = other.slots[index]
        let end = other.end(of: index)
        begin(
            topic: topic, partition: partition, offset: offset,
            timestamp: Timestamp(milliseconds: source.timestamp))
        let shift = bytes.count - source.start
        copy(other.bytes.span.extracting(source.start..<end))
        let last = slots.count - 1
        slots[last].keyLength = source.keyLength
        slots[last].valueLength = source.valueLength
        slots[last].headerCount = source.headerCount
        for number in 0..<Int(source.headerCount) {
            let header = other.headerSlots[Int(source.headerStart) + number]
            headerSlots.append(
                HeaderSlot(
                    name: header.name.lowerBound + shift..<header.name.upperBound + shift,
                    value: header.value.lowerBound + shift..<header.value.upperBound + shift))
        }
    }

    /// Removes the record appended last.
    public mutating func removeLast() {
        guard let last = slots.popLast() else { return }
        bytes.removeSubrange(last.start...)
        headerSlots.removeSubrange(Int(last.headerStart)...)
    }

    // MARK: Reading

    /// The index in `topics` of record `index`'s topic.
    public func topicIndex(at index: Int) -> Int { Int(slots[index].topic) }

    /// The topic of record `index`.
    public func topic(at index: Int) -> TopicName { topics[Int(slots[index].topic)] }

    /// The partition of record `index`; nil when the writer is to choose it.
    public func partition(at index: Int) -> Partition? {
        let number = slots[index].partition
        return number < 0 ? nil : Partition(number)
    }

    /// The offset of record `index`; nil before it stands in the log.
    public func offset(at index: Int) -> Offset? {
        let number = slots[index].offset
        return number < 0 ? nil : Offset(number)
    }

    /// The timestamp of record `index`; nil when the writer is to choose it.
    public func timestamp(at index: Int) -> Timestamp? {
        let number = slots[index].timestamp
        return number < 0 ? nil : Timestamp(milliseconds: number)
    }

    /// Where in `bytes` the key of record `index` stands; nil without a key.
    public func keyRange(at index: Int) -> Range<Int>? {
        let slot = slots[index]
        return slot.keyLength < 0 ? nil : slot.start..<slot.start + Int(slot.keyLength)
    }

    /// Where in `bytes` the value of record `index` stands; nil for a tombstone.
    public func valueRange(at index: Int) -> Range<Int>? {
        let slot = slots[index]
        guard slot.valueLength >= 0 else { return nil }
        let start = slot.start + Int(max(0, slot.keyLength))
        return start..<start + Int(slot.valueLength)
    }

    /// How many headers record `index` has.
    public func headerCount(at index: Int) -> Int { Int(slots[index].headerCount) }

    /// Where in `bytes` name and value of header `number` of record `index` stand.
    public func headerRanges(at index: Int, number: Int) -> (name: Range<Int>, value: Range<Int>) {
        precondition(
            number >= 0 && number < slots[index].headerCount, "record \(index) has no header \(number)")
        let header = headerSlots[Int(slots[index].headerStart) + number]
        return (header.name, header.value)
    }

    /// The place of record `index`; nil before it stands in the log.
    public func place(at index: Int) -> RecordPlace? {
        guard let partition = partition(at: index), let offset = offset(at: index) else { return nil }
        return RecordPlace(TopicPartition(topic(at: index), partition), offset)
    }

    /// An owned copy of record `index`.
    public func record(at index: Int) -> Record {
        var headers: [Header] = []
        for number in 0..<headerCount(at: index) {
            let ranges = headerRanges(at: index, number: number)
            headers.append(
                Header(String(decoding: bytes[ranges.name], as: UTF8.self), Array(bytes[ranges.value])))
        }
        return Record(
            topic: topic(at: index), partition: partition(at: index), offset: offset(at: index),
            timestamp: timestamp(at: index), key: keyRange(at: index).map { Array(bytes[$0]) },
            value: valueRange(at: index).map { Array(bytes[$0]) }, headers: headers)
    }

    /// Owned copies of all records, in order.
    public var records: [Record] { (0..<count).map(record(at:)) }

    // MARK: Private

    private mutating func begin(topic: Int, partition: Partition?, offset: Offset?, timestamp: Timestamp?) {
        precondition(topic >= 0 && topic < topics.count, "topic index \(topic) of \(topics.count)")
        slots.append(
            Slot(
                start: bytes.count, keyLength: RecordBatch.absent, valueLength: RecordBatch.absent,
                offset: offset?.number ?? -1, timestamp: timestamp?.milliseconds ?? -1,
                partition: partition?.number ?? -1, headerStart: Int32(headerSlots.count), headerCount: 0,
                topic: Int32(topic)))
    }

    private mutating func finishHeader(nameStart: Int, valueStart: Int) {
        precondition(!slots.isEmpty, "a header needs a record")
        headerSlots.append(HeaderSlot(name: nameStart..<valueStart, value: valueStart..<bytes.count))
        slots[slots.count - 1].headerCount += 1
    }

    private mutating func copy(_ span: Span<UInt8>) {
        bytes.append(copying: span)
    }

    private func end(of index: Int) -> Int {
        index + 1 < slots.count ? slots[index + 1].start : bytes.count
    }
}
