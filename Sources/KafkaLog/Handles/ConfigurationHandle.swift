internal import Basics
internal import CRdKafka
internal import EventLog

/// The two roles of a client of librdkafka.
enum ClientRole {
    case producer
    case consumer
}

/// Owns a configuration of librdkafka until a client takes it over.
@safe struct ConfigurationHandle: ~Copyable {
    private let pointer: OpaquePointer

    /// An empty configuration: librdkafka's defaults.
    init() {
        unsafe pointer = rd_kafka_conf_new()
    }

    deinit {
        unsafe rd_kafka_conf_destroy(pointer)
    }

    /// Sets one property. Throws `configuration` naming the property; the value is told only when it is no
    /// secret.
    borrowing func set(_ name: String, _ value: String) throws(LogError) {
        let (code, text) = unsafe ErrorText.capture { buffer, size in
            unsafe rd_kafka_conf_set(pointer, name, value, buffer, size).rawValue
        }
        if code == RD_KAFKA_CONF_OK.rawValue { return }
        if code == RD_KAFKA_CONF_UNKNOWN.rawValue {
            throw LogError(
                .configuration, "Kafka property '\(name)' is unknown to librdkafka",
                hint: PropertyRules.hint(forUnknown: name), recovery: .fixConfiguration)
        }
        let reason = PropertyRules.isSecret(name) ? "the value is refused" : text
        throw LogError(
            .configuration, "Kafka property '\(name)': \(reason)",
            hint: "see librdkafka's CONFIGURATION.md for its values", recovery: .fixConfiguration)
    }

    /// Makes these kinds of event available through the queues.
    borrowing func enableEvents(_ mask: Int32) {
        unsafe rd_kafka_conf_set_events(pointer, mask)
    }

    /// Makes a client, which owns the configuration from then on. Its log lines go to `sink`, on librdkafka's
    /// threads.
    consuming func makeClient(_ role: ClientRole, sink: LogSink) throws(LogError) -> ClientHandle {
        // Retained for the client, which releases it after the last thread of librdkafka has ended.
        let context = unsafe Unmanaged.passRetained(sink)
        unsafe rd_kafka_conf_set_opaque(pointer, context.toOpaque())
        unsafe rd_kafka_conf_set_log_cb(pointer, forwardLogLine)
        let configuration = unsafe pointer
        var client: OpaquePointer?
        let (_, text) = unsafe ErrorText.capture { buffer, size in
            unsafe client = rd_kafka_new(
                role == .producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, configuration, buffer, size)
            return 0
        }
        guard let client = unsafe client else {
            unsafe context.release()
            // librdkafka leaves the configuration with the caller when it makes no client: this path frees
            // it.
            _ = consume self
            throw LogError(
                .configuration, "librdkafka refuses the settings: \(text)",
                hint: "correct the property that it names", recovery: .fixConfiguration)
        }
        discard self
        return unsafe ClientHandle(pointer: client, sink: context.toOpaque())
    }
}

/// Hands a log line of librdkafka to the sink of its client. Called on librdkafka's threads.
private let forwardLogLine:
    @convention(c) (OpaquePointer?, Int32, UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> Void = {
        client, level, facility, text in
        guard let client = unsafe client, let context = unsafe rd_kafka_opaque(client),
            let text = unsafe text
        else { return }
        // The client retains its sink, and calls nothing after it has ended.
        let sink = unsafe Unmanaged<LogSink>.fromOpaque(context).takeUnretainedValue()
        unsafe sink.take(
            level: level, facility: facility.map { unsafe String(cString: $0) } ?? "",
            text: String(cString: text))
    }

/// Error texts that C writes into a buffer of the caller.
enum ErrorText {
    private static let capacity = 512

    /// Runs `body` with a buffer and returns its result and the text that it left there.
    static func capture(_ body: (UnsafeMutablePointer<CChar>?, Int) -> Int32) -> (code: Int32, text: String) {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
            unsafe buffer.initialize(repeating: 0)
            let code = unsafe body(buffer.baseAddress, capacity)
            let text = unsafe buffer.baseAddress.map { unsafe String(cString: $0) } ?? ""
            return (code, text)
        }
    }
}
