import Arguments
import Features

/// How events are laid out.
struct EventOptions: Sendable {
    static let section = "Event options"
    static let shape = Option(
        "layout", .cases(of: EventLayout.Shape.self), default: "auto", section: section,
        help: "Where an event has its features: in a member (nested), beside its id (flat), or as it comes.")
    static let idField = Option(
        "id-field", .text, default: "id", section: section, help: "The member that holds the event's id.")
    static let timeField = Option(
        "time-field", .text, default: "ts", section: section, help: "The member that holds the event's time.")
    static let featuresField = Option(
        "features-field", .text, default: "features", section: section,
        help: "The member that holds the features.")

    static let all: [any DeclaredOption] = [shape, idField, timeField, featuresField]

    let layout: EventLayout

    init(values: Values) throws {
        layout = EventLayout(
            try values[Self.shape], idField: try values[Self.idField],
            timestampField: try values[Self.timeField], featuresField: try values[Self.featuresField])
    }
}
