import Basics
import EventLog
import Foundation
import Modelcast
import Scoring
import Testing

/// The scorer by itself: a batch in, predictions and dead letters out.
struct EventScorerTests {
    /// Scores values, each a record of partition 4 from offset 100 on.
    private func score(
        _ values: [String?], key: [UInt8]? = nil, time: Int64? = 1_700_000_000_123
    ) throws -> [Record] {
        var input = RecordBatch()
        for (index, value) in values.enumerated() {
            input.append(
                Record(
                    topic: ScoringBench.events, partition: Partition(4), offset: Offset(Int64(100 + index)),
                    timestamp: time.map { Timestamp(milliseconds: $0) }, key: key,
                    value: value.map { Array($0.utf8) }, headers: [Header("trace", "7")]))
        }
        var output = RecordBatch()
        var tally = ScoringTally()
        let scorer = EventScorer(
            options: ScoringOptions(
                input: ScoringBench.events, output: ScoringBench.predictions,
                deadLetter: ScoringBench.deadLetters, group: "g", instance: "i"),
            output: &output)
        scorer.score(input, with: try ScoringBench.model(1), into: &output, tally: &tally)
        #expect(tally.events == values.count)
        #expect(output.count == values.count)
        return output.records
    }

    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test func aPredictionByteByByte() throws {
        let records = try score([
            #"{"id":"a","ts":0,"x":0.5}"#, #"{"id":7,"x":1}"#, #"{"id":"q\"\u0001","x":1,"ts":1e12}"#,
            #"{"x":2e10}"#,
        ])
        let head = #","model":"sum","version":1,"prediction":"#
        #expect(
            records.map { text($0.value) } == [
                #"{"id":"a"\#(head)1000.5,"source":"4:100","ts":"1970-01-01T00:00:00.000Z"}"#,
                #"{"id":7\#(head)1001.0,"source":"4:101","ts":"2023-11-14T22:13:20.123Z"}"#,
                #"{"id":"q\"\u0001"\#(head)1001.0,"source":"4:102","ts":"2001-09-09T01:46:40.000Z"}"#,
                #"{"id":"4:103"\#(head)2e+10,"source":"4:103","ts":"2023-11-14T22:13:20.123Z"}"#,
            ])
        #expect(records.map { text($0.key) } == ["a", "7", "q\"\u{1}", nil])
        #expect(records.allSatisfy { $0.topic == ScoringBench.predictions && $0.headers.isEmpty })
    }

    @Test func anEventWithoutAnIDGoesByItsKeyWhereThatIsText() throws {
        func id(_ key: [UInt8]) throws -> String? {
            let record = try score([#"{"x":1}"#], key: key)[0]
            #expect(record.key == key)
            let value = try JSONSerialization.jsonObject(with: Data(record.value ?? [])) as? [String: Any]
            return value?["id"] as? String
        }
        #expect(try id(Array("k\"\u{1F600}".utf8)) == "k\"\u{1F600}")
        #expect(try id([0xFF, 0x41]) == "4:100")
        #expect(try id([]) == "4:100")
    }

    /// A time that no calendar has once ended the program.
    @Test func aTimeOutsideTheCalendarIsADeadLetter() throws {
        let records = try score([
            #"{"id":"a","ts":-9223372036854775808,"x":1}"#, #"{"id":"b","ts":1e18,"x":1}"#,
        ])
        #expect(records.allSatisfy { $0.topic == ScoringBench.deadLetters })
        #expect(records.map { text($0.key) } == ["a", "b"])
        let late = try score([#"{"id":"a","x":1}"#], time: .max)[0]
        #expect(text(late.value)?.contains(#""ts":"9999-12-31T23:59:59.999Z""#) == true)
    }

    @Test func aDeadLetterSaysWhatAndWhere() throws {
        let records = try score([#"{"id":"a","x":"high"}"#, #"{"id":"b"}"#, #"{"id":"c","x":1"#])
        func header(_ name: String, _ index: Int) -> String? {
            text(records[index].headers.first { $0.name == name }?.value)
        }
        #expect(
            (0..<3).map { header("modelcast-detail", $0) } == [
                "feature `x` (float): wrong type at byte 14", "feature `x`: missing and required",
                "not JSON at byte 15",
            ])
        for index in 0..<3 {
            #expect(header("modelcast-source", index) == "features.events:4:\(100 + index)")
            #expect(header("modelcast-model", index) == "sum")
            #expect(header("modelcast-version", index) == "1")
            #expect(header("trace", index) == "7")
            #expect(records[index].timestamp?.milliseconds == 1_700_000_000_123)
            #expect(records[index].key == [UInt8(ascii: "a") + UInt8(index)])
        }
    }

    /// The id of the event before was once taken for its own.
    @Test func aRecordWithoutAValueTakesNoKeyFromTheOneBefore() throws {
        let records = try score([#"{"id":"a","x":"high"}"#, nil])
        #expect(records.map { text($0.key) } == ["a", nil])
        #expect(records[1].headers.contains(Header("modelcast-reason", "no-value")))
    }
}
