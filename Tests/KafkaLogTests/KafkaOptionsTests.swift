import Basics
import EventLog
import Testing

@testable import KafkaLog

@Suite("Kafka options")
struct KafkaOptionsTests {
    @Test("reads assignments, lists, files and the environment")
    func parses() throws {
        var options = KafkaOptions()
        try options.set("security.protocol = SASL_SSL ")
        try options.set("sasl.password=a=b")
        try options.set(list: #"linger.ms=5,ssl.cipher.suites=A\,B, ,client.rack=x\y"#)
        try options.load(
            properties: """
                # comment
                ! another
                sasl.username: ann
                ssl.ca.location = /etc/\\
                    ca.pem
                empty=
                """, name: "kafka.properties")
        options.load(environment: [
            "MODELCAST_KAFKA_SASL_MECHANISMS": "PLAIN", "MODELCAST_KAFKA": "/script", "PATH": "/bin",
            "MODELCAST_KAFKA_": "nothing",
        ])
        #expect(
            options.properties == [
                "security.protocol": "SASL_SSL", "sasl.password": "a=b", "linger.ms": "5",
                "ssl.cipher.suites": "A,B", "client.rack": #"x\y"#, "sasl.username": "ann",
                "ssl.ca.location": "/etc/ca.pem", "empty": "", "sasl.mechanisms": "PLAIN",
            ])
    }

    @Test("tells where a property is malformed, without its value")
    func malformed() {
        var options = KafkaOptions()
        for text in ["hunter2", "=hunter2", " = hunter2"] {
            let error = #expect(throws: LogError.self) { try options.set(text) }
            #expect(error?.code == .configuration && error?.description.contains("hunter2") == false)
        }
        let error = #expect(throws: LogError.self) {
            try options.load(properties: "a=1\n\nhunter2\n", name: "k.properties")
        }
        #expect(error?.message.contains("k.properties, line 3") == true)
        #expect(error?.description.contains("hunter2") == false)
        #expect(throws: LogError.self) { try options.load(properties: "a=1\\", name: "k") }
    }

    @Test("never shows a secret")
    func redacts() {
        var options = KafkaOptions(properties: [
            "ssl.key.pem": "hunter2", "sasl.oauthbearer.client.secret": "hunter2",
        ])
        options.useSASL(.scramSHA512, user: "ann", password: "hunter2")
        options.useTLS(authorityFile: "/ca.pem", keyFile: "/key.pem", keyPassword: "hunter2")
        options.properties["ssl.keystore.password"] = "hunter2"
        var dumped = ""
        dump(options, to: &dumped)
        for shown in ["\(options)", String(reflecting: options), dumped, "\(options.redactedProperties)"] {
            #expect(!shown.contains("hunter2"))
            #expect(shown.contains("ann") && shown.contains("***"))
        }
        #expect(options.properties["security.protocol"] == "SASL_SSL")
    }

    @Test("keeps a secret out of the error for a wrong value")
    func secretInError() {
        // A value of the wrong kind, which librdkafka would repeat in its text.
        var options = KafkaOptions()
        options.properties["sasl.oauthbearer.config"] = "hunter2"
        options.properties["sasl.password"] = String(repeating: "hunter2", count: 3)
        options.properties["no.such.secret"] = "hunter2"
        let error = #expect(throws: LogError.self) { try KafkaLog.open(url: "kafka://h", options: options) }
        #expect(error?.code == .configuration && error?.description.contains("hunter2") == false)
    }

    @Test(
        "refuses properties that mean nothing, naming them",
        arguments: [
            ("no.such.property", "1", "no.such.property"), ("linger.ms", "soon", "linger.ms"),
            ("enable.idempotence", "false", "set by Modelcast"), ("group.id", "g", "set by Modelcast"),
            ("ssl.truststore.location", "/x", "ssl.ca.location"),
            ("fetch.min.bytes", "-5", "fetch.min.bytes"),
        ])
    func refuses(name: String, value: String, wanted: String) {
        let error = #expect(throws: LogError.self) {
            try KafkaLog.open(url: "kafka://localhost", options: KafkaOptions(properties: [name: value]))
        }
        #expect(error?.code == .configuration)
        #expect(error?.description.contains(name) == true && error?.description.contains(wanted) == true)
    }

    @Test("gives a role only the properties that it understands")
    func roles() throws {
        // librdkafka warns on every client that is given the other role's property.
        #expect(PropertyRules.applies("linger.ms", to: .producer))
        #expect(!PropertyRules.applies("linger.ms", to: .consumer))
        #expect(!PropertyRules.applies("fetch.min.bytes", to: .producer))
        #expect(PropertyRules.applies("sasl.username", to: .producer))
        #expect(PropertyRules.applies("sasl.username", to: .consumer))
        _ = try KafkaLog.open(
            url: "kafka://localhost",
            options: KafkaOptions(properties: ["linger.ms": "3", "fetch.min.bytes": "2", "client.rack": "r"]))
    }
}

@Suite("Broker address")
struct BrokerAddressTests {
    @Test(
        "reads hosts and ports",
        arguments: [
            ("kafka://a", "a:9092"), ("kafka://a:1,b:2", "a:1,b:2"),
            ("kafka://127.0.0.1:19092/", "127.0.0.1:19092"),
            ("kafka://[::1]:9", "[::1]:9"), ("kafka://[fe80::1]", "[fe80::1]:9092"),
            ("kafka://a,b", "a:9092,b:9092"),
        ])
    func reads(url: String, wanted: String) throws {
        #expect(try BrokerAddress(url: url).bootstrap == wanted)
    }

    @Test(
        "refuses what is no address",
        arguments: [
            "", "kafka:", "kafka://", "http://a", "kafka://a:", "kafka://a:0", "kafka://a:65536",
            "kafka://a:x",
            "kafka://a,,b", "kafka://a b", "kafka://:9092", "kafka://a/b", "kafka://[::1", "kafka://a?x=1",
        ])
    func refuses(url: String) {
        let error = #expect(throws: LogError.self) { try BrokerAddress(url: url) }
        #expect(error?.code == .configuration)
    }

    @Test("refuses a password in the URL without repeating it")
    func password() {
        let error = #expect(throws: LogError.self) { try BrokerAddress(url: "kafka://ann:hunter2@host") }
        #expect(error?.description.contains("hunter2") == false)
        #expect(error?.hint.contains("sasl.password") == true)
    }
}

@Suite("Kafka error table")
struct KafkaErrorTableTests {
    @Test("knows a name for every code and no code twice")
    func names() {
        let codes = KafkaErrorTable.knownCodes
        #expect(codes.count > 60)
        for code in codes { #expect(!KafkaErrorTable.name(of: code).isEmpty) }
        #expect(KafkaErrorTable.name(of: 3) == "UNKNOWN_TOPIC_OR_PART")
    }

    @Test(
        "says what the caller can do",
        arguments: [
            (3, LogError.Code.notFound, LogError.Severity.fatal), (6, .unavailable, .retriable),
            (-195, .unavailable, .retriable), (-185, .timedOut, .retriable), (10, .tooLarge, .fatal),
            (90, .fenced, .fatal), (82, .fenced, .fatal), (58, .denied, .fatal),
            (22, .notAssigned, .abortable),
            (9_999, .engine, .fatal),
        ] as [(Int32, LogError.Code, LogError.Severity)])
    func classes(code: Int32, wanted: LogError.Code, severity: LogError.Severity) {
        let error = LogError.kafka(KafkaFailure(code: code), "testing")
        #expect(error.code == wanted)
        #expect(error.severity == severity)
        #expect(error.message.hasPrefix("testing: "))
        #expect((error.cause as? KafkaFailure)?.code == code)
    }

    @Test("makes an error of an open transaction abortable, unless the writer is finished")
    func aborting() {
        func severity(_ failure: KafkaFailure) -> LogError.Severity {
            LogError.kafka(failure, "x").abortingTransaction().severity
        }
        #expect(severity(KafkaFailure(code: 10)) == .abortable)
        #expect(severity(KafkaFailure(code: 22)) == .abortable)
        #expect(severity(KafkaFailure(code: 90)) == .fatal)
        #expect(severity(KafkaFailure(code: 45, isFatal: true)) == .fatal)
        #expect(LogError.kafka(KafkaFailure(code: 22), "x").abortingTransaction().code == .transactionAborted)
    }
}
