internal import EventLog

/// Counts what a workload left.
struct WorkloadCheck {
    /// The value of records that were aborted on purpose.
    static let aborted = "aborted"

    let book: WorkloadBook
    let input: [Record]
    let output: [Record]
    let isCopied: Bool

    static func text(_ record: Record) -> String { String(decoding: record.value ?? [], as: UTF8.self) }

    /// Throws `WorkloadFailure` at the first obligation that was broken.
    func run() throws {
        book.set(\.input, input.count)
        book.set(\.output, output.count)
        try checkInput()
        try checkOrder()
        if isCopied { try checkOutput() }
    }

    private func checkInput() throws {
        let acknowledged = book.acknowledged, doubtful = book.doubtful
        var open = acknowledged
        var met: Set<String> = []
        for record in input {
            let text = WorkloadCheck.text(record)
            try expect(met.insert(text).inserted, "\(text) is twice in the input")
            try expect(
                acknowledged.contains(text) || doubtful.contains(text), "\(text) was never sent")
            open.remove(text)
        }
        try expect(
            open.isEmpty,
            "\(open.count) of \(acknowledged.count) acknowledged records are lost, as \(open.first ?? "")"
        )
    }

    /// Each writer's records are in the order of sending, in every partition.
    private func checkOrder() throws {
        var last: [String: (sequence: Int, offset: Int64)] = [:]
        for record in input {
            let parts = WorkloadCheck.text(record).split(separator: "/")
            guard parts.count == 2, let sequence = Int(parts[1]), let offset = record.offset else {
                throw WorkloadFailure("a record that nobody wrote: \(record)", Soak.seed)
            }
            let lane = "\(parts[0])[\(record.partition?.number ?? -1)]"
            if let before = last[lane] {
                try expect(
                    before.offset < offset.number && before.sequence < sequence,
                    "\(WorkloadCheck.text(record)) at \(offset) came after \(before) of \(lane)")
            }
            last[lane] = (sequence, offset.number)
        }
    }

    /// The output is the input, partition by partition and record by record.
    private func checkOutput() throws {
        let wanted = lanes(input), found = lanes(output)
        for (lane, texts) in wanted {
            let copies = found[lane] ?? []
            if copies == texts { continue }
            try expect(!copies.contains(WorkloadCheck.aborted), "an aborted record of [\(lane)] was read")
            let missing = Set(texts).subtracting(copies), extra = copies.count - Set(copies).count
            throw WorkloadFailure(
                "[\(lane)]: \(texts.count) records, \(copies.count) copies, \(missing.count) missing "
                    + "(\(missing.sorted().first ?? "")), \(extra) twice", Soak.seed)
        }
        try expect(found.count == wanted.count, "copies in partitions without input")
    }

    private func lanes(_ records: [Record]) -> [Int32: [String]] {
        var lanes: [Int32: [String]] = [:]
        for record in records {
            lanes[record.partition?.number ?? -1, default: []].append(WorkloadCheck.text(record))
        }
        return lanes
    }

    private func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        if !condition { throw WorkloadFailure(what(), Soak.seed) }
    }
}
