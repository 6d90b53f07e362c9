internal import Basics
internal import EventLog
internal import Features

/// Reads events and labels out of records. Confined to one task.
struct LearningFeed {
    /// What a record was.
    enum Item {
        /// An event's row of model input.
        case event(id: [UInt8], row: [Float])
        /// A label.
        case label(id: [UInt8], label: Bool)
        /// Neither, or without an id: nothing can be learned from it.
        case unusable
    }

    private let files: LearnerFiles
    private var decoder: EventDecoder
    private var block: FeatureBlock
    private var rows: [Float] = []
    private var scratch = FeatureScratch()

    init(files: LearnerFiles, layout: EventLayout) {
        self.files = files
        decoder = EventDecoder(schema: files.schema, layout: layout)
        block = FeatureBlock(schema: files.schema)
    }

    /// The event in record `index` of `batch`.
    mutating func event(_ index: Int, of batch: RecordBatch) -> Item {
        guard let range = batch.valueRange(at: index) else { return .unusable }
        block.removeAll()
        guard decoder.decode(batch.bytes.span, range, into: &block) == nil else { return .unusable }
        files.program.write(block, into: &rows, scratch: &scratch)
        let id =
            block.idForm(0) == .none
            ? batch.keyRange(at: index).map { Array(batch.bytes[$0]) } ?? [] : Array(block.id(0))
        guard !id.isEmpty else { return .unusable }
        return .event(id: id, row: Array(rows.prefix(files.program.outputCount)))
    }

    /// The label in record `index` of `batch`: `{"id": …, "label": …}`, the label true, false, 1 or 0;
    /// without an id, the record's key is it.
    func label(_ index: Int, of batch: RecordBatch) -> Item {
        guard let range = batch.valueRange(at: index), range.count <= 1 << 16 else { return .unusable }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: batch.bytes.span.extracting(range), limits: .init(depthMax: 8))
        } catch {
            return .unusable
        }
        let label: Bool
        switch value["label"] {
        case .boolean(let flag): label = flag
        case let number?:
            guard let number = try? number.number("label"), number == 0 || number == 1 else {
                return .unusable
            }
            label = number == 1
        case nil: return .unusable
        }
        var id: [UInt8] = []
        switch value["id"] {
        case .string(let text): id = Array(text.utf8)
        case let other?: id = other == .null ? [] : other.encoded()
        case nil: break
        }
        if id.isEmpty, let key = batch.keyRange(at: index) { id = Array(batch.bytes[key]) }
        return id.isEmpty ? .unusable : .label(id: id, label: label)
    }
}
