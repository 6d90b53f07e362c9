internal import Basics
internal import EventLog

/// The file `learner.json`. Canonical: the same state gives the same bytes.
///
/// ```json
/// {"modelcast":"learner","version":1,
///  "settings":{"rate":0.05,"decay":0.0001,"penalty":0.00001,"deviationsMax":8.0},
///  "examples":2,"intercept":0.1,"weights":[0.5],"counts":[2],"means":[3.0],"squares":[2.0],
///  "window":{"size":5000,"scores":[0.5,0.6],"labels":[0,1]},
///  "offsets":[{"topic":"features.events","partition":0,"offset":7}],
///  "waiting":{"max":100000,"givenUp":0,
///   "events":[{"id":"6172","ts":1700000000000,"partition":0,"offset":6,"row":[1.0,null]}],
///   "labels":[{"id":"6173","ts":1700000000000,"partition":0,"offset":3,"label":1}]}}
/// ```
/// Ids are in hexadecimal, for they need not be text; `null` in a row is a missing value. Waiting events and
/// labels stand in the order of their ids, offsets in that of topics and partitions.
extension LearnerState {
    /// The name of the file within the snapshot.
    public static let fileName = "learner.json"
    private static let formatVersion = 1

    /// The file's bytes.
    public func encoded() -> [UInt8] {
        var json = JSONWriter(capacity: 4_096)
        json.beginObject()
        json.key("modelcast")
        json.string("learner")
        json.key("version")
        json.integer(LearnerState.formatVersion)
        json.key("settings")
        json.beginObject()
        for (name, value) in [
            ("rate", learner.settings.rate), ("decay", learner.settings.decay),
            ("penalty", learner.settings.penalty), ("deviationsMax", learner.settings.deviationsMax),
        ] {
            json.key(name)
            json.number(value)
        }
        json.endObject()
        json.key("examples")
        json.integer(learner.examples)
        json.key("intercept")
        json.number(learner.intercept)
        json.list("weights", learner.weights) { $0.number($1) }
        json.list("counts", learner.scale.counts) { $0.integer($1) }
        json.list("means", learner.scale.means) { $0.number($1) }
        json.list("squares", learner.scale.squares) { $0.number($1) }
        json.key("window")
        json.beginObject()
        json.key("size")
        json.integer(window.window)
        json.list("scores", window.scores) { $0.number($1) }
        json.list("labels", window.labels) { $0.integer($1 ? 1 : 0) }
        json.endObject()
        json.list("offsets", offsets.sorted { $0.key < $1.key }) { json, entry in
            json.beginObject()
            json.key("topic")
            json.string(entry.key.topic.text)
            json.key("partition")
            json.integer(Int(entry.key.partition.number))
            json.key("offset")
            json.integer(Int(entry.value.number))
            json.endObject()
        }
        writeWaiting(to: &json)
        json.endObject()
        return json.take()
    }

    private func writeWaiting(to json: inout JSONWriter) {
        func begin(_ json: inout JSONWriter, _ id: [UInt8], _ moment: LabelJoin.Moment) {
            json.beginObject()
            json.key("id")
            json.string(Hex.encode(id))
            json.key("ts")
            json.integer(Int(moment.timestamp.milliseconds))
            json.key("partition")
            json.integer(Int(moment.partition))
            json.key("offset")
            json.integer(Int(moment.offset))
        }
        json.key("waiting")
        json.beginObject()
        json.key("max")
        json.integer(join.waitingMax)
        json.key("givenUp")
        json.integer(join.givenUp)
        json.list("events", join.events.sorted { $0.key.lexicographicallyPrecedes($1.key) }) { json, entry in
            begin(&json, entry.key, entry.value.moment)
            json.list("row", entry.value.row) { $0.number($1) }
            json.endObject()
        }
        json.list("labels", join.labels.sorted { $0.key.lexicographicallyPrecedes($1.key) }) { json, entry in
            begin(&json, entry.key, entry.value.moment)
            json.key("label")
            json.integer(entry.value.label ? 1 : 0)
            json.endObject()
        }
        json.endObject()
    }

    /// Reads the file. `width` is how many columns the model's pipeline writes.
    public init(decoding bytes: [UInt8], width: Int) throws(LearningError) {
        do {
            let document = try JSONValue(
                parsing: bytes.span, limits: JSONValue.Limits(depthMax: 8, valuesMax: 200_000_000))
            var fields = try JSONFields(document)
            self = try LearnerState.read(&fields, width: width)
        } catch let error as LearningError {
            throw error
        } catch {
            throw LearningError(
                .badState, "\(LearnerState.fileName): \(error)",
                hint: "publish a version from a fresh learner under another model name", recovery: .fixInput,
                cause: error)
        }
    }

    private static func read(_ fields: inout JSONFields, width: Int) throws -> LearnerState {
        guard try fields.string("modelcast") == "learner", try fields.integer("version") == formatVersion
        else {
            throw JSONFieldError(path: "version", problem: "is no learner state of version \(formatVersion)")
        }
        var parts = try fields.object("settings")
        var settings = LogisticLearner.Settings()
        settings.rate = try parts.number("rate")
        settings.decay = try parts.number("decay")
        settings.penalty = try parts.number("penalty")
        settings.deviationsMax = try parts.number("deviationsMax")
        let weights = try fields.required("weights").numbers("weights", countMax: width)
        let counts = try fields.array("counts", countMax: width).map {
            try $0.integer("counts", in: 0...Int.max)
        }
        let means = try fields.required("means").numbers("means", countMax: width)
        let squares = try fields.required("squares").numbers("squares", countMax: width)
        guard weights.count == width,
            let scale = RunningScale(counts: counts, means: means, squares: squares),
            let learner = LogisticLearner(
                settings: settings, scale: scale, weights: weights, intercept: try fields.number("intercept"),
                examples: try fields.integer("examples", in: 0...Int.max))
        else {
            throw JSONFieldError(path: "weights", problem: "and its scales do not have \(width) columns each")
        }
        var window = try fields.object("window")
        let size = try window.integer("size", in: 1...10_000_000)
        guard
            let prequential = Prequential(
                window: size,
                scores: try window.required("scores").numbers("scores", countMax: size).map { Float($0) },
                labels: try window.required("labels").numbers("labels", countMax: size).map { $0 != 0 })
        else { throw JSONFieldError(path: "window", problem: "has other numbers of scores and labels") }
        var offsets: [TopicPartition: Offset] = [:]
        for entry in try fields.array("offsets", countMax: 1_000_000) {
            var entry = try JSONFields(entry, path: "offsets")
            let place = TopicPartition(
                try TopicName(try entry.string("topic")),
                Int32(try entry.integer("partition", in: 0...1_000_000)))
            offsets[place] = Offset(Int64(try entry.integer("offset", in: 0...Int.max)))
        }
        var waiting = try fields.object("waiting")
        return LearnerState(
            learner: learner, join: try readJoin(&waiting, width: width), window: prequential,
            offsets: offsets)
    }

    private static func readJoin(_ fields: inout JSONFields, width: Int) throws -> LabelJoin {
        func begin(_ entry: inout JSONFields) throws -> ([UInt8], LabelJoin.Moment) {
            guard let id = Hex.decode(try entry.string("id")) else {
                throw JSONFieldError(path: entry.place("id"), problem: "is not hexadecimal")
            }
            let moment = LabelJoin.Moment(
                timestamp: Timestamp(milliseconds: Int64(try entry.integer("ts", in: Int.min...Int.max))),
                partition: Int32(try entry.integer("partition", in: 0...1_000_000)),
                offset: Int64(try entry.integer("offset", in: 0...Int.max)))
            return (id, moment)
        }
        let max = try fields.integer("max", in: 1...100_000_000)
        var events: [[UInt8]: LabelJoin.WaitingEvent] = [:]
        for entry in try fields.array("events", countMax: max) {
            var entry = try JSONFields(entry, path: "waiting.events")
            let (id, moment) = try begin(&entry)
            let row = try entry.array("row", countMax: width).map { value in
                value == .null ? Float.nan : Float(try value.number("row"))
            }
            guard row.count == width else {
                throw JSONFieldError(path: "waiting.events", problem: "has a row that is not \(width) wide")
            }
            events[id] = LabelJoin.WaitingEvent(row: row, moment: moment)
        }
        var labels: [[UInt8]: LabelJoin.WaitingLabel] = [:]
        for entry in try fields.array("labels", countMax: max) {
            var entry = try JSONFields(entry, path: "waiting.labels")
            let (id, moment) = try begin(&entry)
            labels[id] = LabelJoin.WaitingLabel(
                label: try entry.integer("label", in: 0...1) == 1, moment: moment)
        }
        return LabelJoin(
            waitingMax: max, events: events, labels: labels,
            givenUp: try fields.integer("givenUp", in: 0...Int.max))
    }
}

extension JSONWriter {
    /// Writes a member that is a list.
    fileprivate mutating func list<Element>(
        _ name: String, _ elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) -> Void
    ) {
        key(name)
        beginArray()
        for element in elements { write(&self, element) }
        endArray()
    }
}
