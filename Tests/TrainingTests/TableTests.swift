import Foundation
import Tabular
import Testing
import Training

@Suite struct TableTests {
    private func load(_ text: String, name: String = "t.csv", options: TableOptions = TableOptions()) throws
        -> Table
    {
        let folder = try Folder()
        return try Table.load(path: folder.write(name, text), options: options)
    }

    @Test func typesComeFromAllCells() throws {
        let table = try load(
            "whole,real,flag,text,code,empty,quoted\n1,1,true,a,007,,\"4\"\n-2,2.5,FALSE,1,010,,5\n,,,,,,\n")
        #expect(
            table.columns.map { "\($0.name):\($0.type.rawValue)" }
                == [
                    "whole:integer", "real:real", "flag:boolean", "text:text", "code:text", "empty:empty",
                    "quoted:integer",
                ])
        #expect(table.rowCount == 3 && table.anomalies.isEmpty)
        #expect(try table.values(of: "whole + real") == [.real(2), .real(0.5), .missing])
        #expect(try table.values(of: "flag") == [.integer(1), .integer(0), .missing])
        #expect(try table.values(of: "text || '!'") == [.text("a!"), .text("1!"), .missing])
    }

    @Test func sameRowsFromJSONLines() throws {
        let table = try load(
            #"{"id":"a","features":{"fare":1.5,"card":true}}"# + "\n" + #"{"id":"b","features":{"fare":2}}"#,
            name: "t.jsonl")
        #expect(table.columns.map(\.name) == ["id", "fare", "card"])
        #expect(table.columns.map(\.type) == [.text, .real, .boolean])
        #expect(try table.values(of: "fare * 2") == [.real(3), .real(4)])
    }

    @Test func theColumnsOfAnExpressionAreTheCompilersOwn() throws {
        let table = try load("tips,fare,\"a b\",note\n1,2,3,x\n")
        #expect(try Set(table.columnsMentioned(by: "tips > 0.2 * fare")) == ["tips", "fare"])
        #expect(try Set(table.columnsMentioned(by: "TIPS > 'fare' -- fare")) == ["tips"])
        #expect(
            try Set(
                table.columnsMentioned(
                    by: "CASE WHEN \"a b\" > 1 THEN 1 ELSE (SELECT max(note) FROM data) END"))
                == ["a b", "note"])
        #expect(throws: TrainingError(.label, "")) { try table.columnsMentioned(by: "tip > 0") }
        #expect(throws: TrainingError(.label, "")) { try table.values(of: "max(fare)); DROP TABLE data; --") }
    }

    @Test func anAggregateIsNoValueOfARow() throws {
        let table = try load("a\n1\n2\n")
        #expect(throws: TrainingError(.label, "")) { try table.values(of: "sum(a)") }
    }

    @Test func aFewStrayTextsAmongNumbersAreNamed() throws {
        let rows = (1...60).map { $0 == 17 || $0 == 40 ? "x\($0)" : "\($0)" }
        let table = try load("a\n" + rows.joined(separator: "\n") + "\n")
        #expect(table.columns[0].type == .integer)
        let anomaly = try #require(table.anomalies.first)
        #expect(anomaly.kind == .wrongType && anomaly.lines == [18, 41] && anomaly.count == 2)
        #expect(anomaly.text == "a: 2 of 60 cells are text, the others numbers (lines 18, 41)")
    }

    @Test func notAvailableIsMissingAmongNumbersOnly() throws {
        let rows = (1...30).map { "\($0 % 7 == 0 ? "NA" : "\($0)"),\($0 % 2 == 0 ? "NA" : "b")" }
        let table = try load("a,b\n" + rows.joined(separator: "\n"))
        #expect(table.columns[0].markersTakenAsMissing == 4 && table.columns[0].type == .integer)
        #expect(table.columns[1].markersTakenAsMissing == 0)
        #expect(try table.values(of: "b")[1] == .text("NA"))
    }

    @Test func rowsThatCannotBeReadAreNamed() throws {
        let table = try load("a,b\n1,2\n3\n4,5\n6,7,8\n")
        #expect(table.rowCount == 2)
        #expect(table.anomalies.first?.kind == .malformed && table.anomalies.first?.lines == [3, 5])
    }

    @Test func refusesWhatIsNoTable() throws {
        #expect(throws: TrainingError(.data, "")) { try Table.load(path: "/no/such/file.csv") }
        #expect(throws: TrainingError(.data, "")) { try load("a\n1\n", name: "t.parquet") }
        #expect(throws: TrainingError(.columns, "")) { try load("a,A\n1,2\n") }
        #expect(throws: TrainingError(.columns, "")) { try load("a,b\n1,2\n").column("c") }
    }
}
