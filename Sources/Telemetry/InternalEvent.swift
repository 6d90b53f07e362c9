/// Something that happened inside the program and that is worth a log line, a metric, or both.
///
/// One struct per event owns its wording and its numbers; the code where it happens makes the struct and
/// emits it, and neither formats nor counts by hand. Not for what happens per record: the hot path keeps its
/// ``Counter`` and counts per batch.
///
/// ```swift
/// struct ModelIsLive: InternalEvent {
///     let model: String
///     let version: Int
///     func write(to log: Log) {
///         log.info("model is live", [.model: .string(model), .version: .init(version)])
///     }
///     func count(in metrics: MetricsRegistry) {
///         metrics.counter("modelcast_model_swaps_total", help: "…").increment()
///     }
/// }
/// instruments.emit(ModelIsLive(model: "taxi", version: 3))
/// ```
public protocol InternalEvent: Sendable {
    /// Writes the event's log line.
    func write(to log: Log)
    /// Updates the event's metrics.
    func count(in metrics: MetricsRegistry)
}

extension InternalEvent {
    /// No log line.
    public func write(to log: Log) {}
    /// No metric.
    public func count(in metrics: MetricsRegistry) {}
}

/// What a part of the program reports with: its log and the process's metrics. A value, cheap to copy; safe
/// to use from any thread.
public struct Instruments: Sendable {
    /// Where lines go.
    public let log: Log
    /// Where numbers go.
    public let metrics: MetricsRegistry

    /// Instruments.
    public init(log: Log, metrics: MetricsRegistry) {
        self.log = log
        self.metrics = metrics
    }

    /// Instruments that write nothing and whose metrics nobody reads.
    public static var disabled: Instruments { Instruments(log: .disabled, metrics: MetricsRegistry()) }

    /// The same instruments for another component.
    public func named(_ component: String) -> Instruments {
        Instruments(log: log.named(component), metrics: metrics)
    }

    /// Reports an event.
    public func emit(_ event: some InternalEvent) {
        event.write(to: log)
        event.count(in: metrics)
    }
}
