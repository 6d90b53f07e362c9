import Arguments
import Basics
import Catalog
import EventLog
import Tabular

/// `modelcast events send`: the rows of a table as feature events, and their labels.
struct EventsSendCommand: Command {
    static let file = Argument("FILE", .file, help: "A CSV or JSON-lines file; - is standard input.")
    static let topic = Option(
        "topic", optional: .topic, help: "The topic of the events; without it, features.events.")
    static let labelTopic = Option(
        "label-topic", optional: .topic, valueName: "TOPIC",
        help: "The topic of the labels; without it, features.labels.")
    static let id = Option(
        "id", optional: .text, valueName: "COLUMN",
        help:
            "The column that identifies an event; without it 'id', else the file's name and the row's number."
    )
    static let time = Option(
        "time", optional: .text, valueName: "COLUMN",
        help: "The column of the event's time (ISO 8601 or milliseconds since 1970); without it, now.")
    static let label = Option(
        "label", optional: .text, valueName: "COLUMN|SQL",
        help: "Send labels too: a column, or an SQL expression over the columns.")
    static let include = Option(
        "include", repeated: .text, valueName: "COLUMN",
        help: "Keep this column in the event although the label mentions it.")
    static let exclude = Option(
        "exclude", repeated: .text, valueName: "COLUMN", help: "Leave this column out of the event.")
    static let rate = Option(
        "rate", optional: .number(in: 0.001...1e9), valueName: "N",
        help: "Events per second; without it, as fast as the log takes them.")
    static let limit = Option(
        "limit", optional: .integer(in: 1...Int.max), help: "Stop after this many rows.")
    static let spec = CommandSpec(
        "send", abstract: "Append the rows of a table as feature events.",
        discussion: """
            An event is {"id", "ts", "features"}; a label {"id", "ts", "label"}. Columns that the label's \
            expression mentions are left out of the event, for they would give the answer away, unless \
            --include names them. A row whose label is null gets no label.

            Rows that cannot be read are reported and the rest is sent; the command then ends with 1.
            """,
        arguments: [file],
        options: [topic, id, time, label, labelTopic, include, exclude, rate, limit] + InputOptions.all
            + CommonOptions.all,
        examples: [
            .init(
                "modelcast events send rides.csv --id trip --label 'tips > 0.2 * fare' --include fare",
                "Send the rides, and for each whether the tip was generous.")
        ])

    let common: CommonOptions
    let plan: EventRows.Plan
    let rate: Double?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        let input = try InputOptions(values: values)
        let topic = try values[Self.topic], labelTopic = try values[Self.labelTopic]
        plan = EventRows.Plan(
            path: try values[Self.file], format: input.format, header: input.header,
            idColumn: try values[Self.id], timeColumn: try values[Self.time], label: try values[Self.label],
            include: try values[Self.include], exclude: try values[Self.exclude],
            eventTopic: try topic.map { try TopicName($0) } ?? common.topics.events,
            labelTopic: try labelTopic.map { try TopicName($0) } ?? common.topics.labels,
            rowsMax: try values[Self.limit])
        rate = try values[Self.rate]
    }

    func run() async throws {
        let stop = Signals.stop
        let plan = plan
        // A wrong file or label is told before the log is touched.
        let sender = try await EventSender(plan: plan, rate: rate)
        try await common.withLog("events") { log in
            try await common.createMissing(
                [plan.eventTopic] + (plan.label == nil ? [] : [plan.labelTopic]), in: log)
            let progress = Progress("events")
            let outcome = try await sender.run(log: log, stop: stop) { progress.update($0) }
            progress.finish()
            try finish(outcome, wasStopped: stop.isRaised)
        }
    }

    private func finish(_ outcome: EventSender.Outcome, wasStopped: Bool) throws {
        try common.output.summary(
            "events send",
            [
                "topic": .string(plan.eventTopic.text), "events": JSON(outcome.events),
                "labels": JSON(outcome.labels), "rejects": JSON(outcome.rejects),
                "eventsPerSecond": .rounded(outcome.eventsPerSecond, places: 1),
            ],
            text: "\(Units.count(outcome.events)) events sent to \(plan.eventTopic)"
                + (plan.label == nil ? "" : ", \(Units.count(outcome.labels)) labels to \(plan.labelTopic)")
                + " (\(Units.rate(outcome.eventsPerSecond)))")
        if outcome.rejects > 0 {
            throw CommandError(
                .badRows, "\(outcome.rejects) rows of \(plan.path) could not be sent",
                hint: "the first of them is named below with its line; the others were sent",
                recovery: .fixInput, cause: outcome.firstReject)
        }
        if wasStopped {
            throw CommandError(
                .stopped, "stopped after \(outcome.events) events", hint: "what was sent stays sent",
                recovery: .restart)
        }
    }
}
