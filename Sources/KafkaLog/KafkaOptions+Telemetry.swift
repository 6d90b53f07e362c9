public import Telemetry

extension KafkaOptions {
    /// Sends librdkafka's log lines to `log`: errors and worse as errors, warnings as warnings, the rest as
    /// debug lines, because librdkafka tells at "info" what a healthy service need not say.
    public mutating func route(to log: Log) {
        self.log = { line in
            let metadata: LogMetadata = [.facility: .string(line.facility), .text: .string(line.text)]
            switch line.level {
            case ...KafkaLogLine.Level.error: log.error("Kafka client reports an error", metadata)
            case .warning where line.facility == "GETPID" && line.text.hasSuffix("retrying"):
                // A coordinator that is just starting; the client asks again by itself within milliseconds.
                log.debug("Kafka client says", metadata)
            case .warning: log.warning("Kafka client reports a problem", metadata)
            default: log.debug("Kafka client says", metadata)
            }
        }
    }
}

/// The names of the variable parts of this module's log lines.
extension LogKey {
    static let facility = LogKey("facility")
    static let text = LogKey("text")
}
