import Catalog
import Configuration
import EventLog
import FoundationEssentials
import Testing

@testable import ModelcastCommand

/// What stands in the repository beside the sources and names the program: topic files, service
/// configuration, the compose file.
@Suite struct DeploymentTests {
    private static let root = String(
        #filePath.dropLast("/Tests/ModelcastCommandTests/DeploymentTests.swift".count))

    @Test func theTopicFilesAreTheBuiltInDefinitions() throws {
        let files = try TopicDocument.read(directory: Self.root + "/topics").map {
            try $0.definition(prefix: "", replication: nil)
        }
        #expect(files.sorted { $0.name < $1.name } == TopicNames().definitions.sorted { $0.name < $1.name })
    }

    @Test func everyCommandLineOfTheComposeFileParses() throws {
        let compose = try YAMLReader.read(contentsOf: Self.root + "/docker-compose.yml")
        var parsed = 0
        for service in compose["services"]?.mapping ?? [] {
            guard service.value["image"]?.string?.hasPrefix("modelcast") == true else { continue }
            let words = (service.value["command"]?.sequence ?? []).compactMap(\.string)
            // Files of the container stand in the folders that the compose file mounts there.
            let mounts = (service.value["volumes"]?.sequence ?? []).compactMap(\.string)
                .map { $0.split(separator: ":").map(String.init) }.filter { $0[0].hasPrefix("./") }
            let local = words.map { word in
                for mount in mounts where word.hasPrefix(mount[1]) {
                    return Self.root + mount[0].dropFirst() + word.dropFirst(mount[1].count)
                }
                return word
            }
            for word in local where word.hasPrefix(Self.root) {
                #expect(FileManager.default.fileExists(atPath: word), "\(service.key): \(word)")
            }
            _ = try TestProgram.command(local)
            parsed += 1
        }
        #expect(parsed >= 3, "the compose file runs topics, scorer and learner")
    }

    @Test func everyServiceFolderConfiguresItsCommand() throws {
        let commands = ["scorer": "score", "learner": "learn"]
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root + "/services")
        for folder in folders {
            let command = try #require(
                commands[folder], "services/\(folder) belongs to no command known here")
            _ = try TestProgram.command(
                [command, "--config", "\(Self.root)/services/\(folder)/\(folder).yaml"])
        }
        #expect(folders.count >= commands.count)
    }
}
