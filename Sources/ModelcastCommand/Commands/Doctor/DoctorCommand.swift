import Arguments
import Basics
import Catalog
import EventLog

/// `modelcast doctor`: checks what the program needs, and says what to do.
struct DoctorCommand: Command {
    static let group = Option(
        "group", optional: .text,
        help: "The consumer group whose progress is checked; without it, those of `score` for every model.")
    static let input = Option(
        "input", optional: .topic, valueName: "TOPIC",
        help: "The topic that the group reads; without it, features.events.")
    static let spec = CommandSpec(
        "doctor", abstract: "Check broker, topics, libraries, disk and clock; say what to do.",
        options: [group, input] + CommonOptions.all,
        examples: [
            .init("modelcast doctor --broker kafka://localhost:9092", "Check a cluster and this machine.")
        ],
        section: "Log")

    let common: CommonOptions
    let group: String?
    let input: TopicName

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        group = try values[Self.group]
        input = try values[Self.input].map { try TopicName($0) } ?? common.topics.events
    }

    func run() async throws {
        var findings = [MachineChecks.libraries(), await XGBoostCheck.run()]
        findings += await logFindings()
        for finding in findings { try common.output.item(finding.json, finding.text) }
        let failures = findings.count { $0.status == .failed }
        let warnings = findings.count { $0.status == .warning }
        try common.output.summary(
            "doctor",
            [
                "broker": .string(common.broker.url.description),
                "ok": JSON(findings.count - failures - warnings), "warnings": JSON(warnings),
                "failures": JSON(failures),
            ])
        if failures > 0 {
            throw CommandError(
                .unhealthy, "\(failures) of \(findings.count) checks failed", hint: "see the arrows above",
                recovery: .fixConfiguration)
        }
    }

    private func logFindings() async -> [Finding] {
        var findings: [Finding] = []
        if case .file(let path) = common.broker.url {
            findings.append(MachineChecks.disk("the log", path: path))
            guard InputFile.exists(path) else {
                return findings + [
                    .warning(
                        "broker", "there is no log at \(path) yet",
                        remedy: "`modelcast topics apply` makes it, and so does every command that writes")
                ]
            }
        }
        do {
            return try await common.withLog("doctor") { log in
                let checks = LogChecks(
                    log: log, topics: try common.topics, group: group, topicPrefix: common.broker.topicPrefix,
                    input: input)
                return findings + (await checks.run())
            }
        } catch {
            let told = ErrorReport.parts(of: error)
            return findings + [.failed("broker", told.message, remedy: told.hint)]
        }
    }
}
