import Basics
import Features
import Foundation
import Testing

struct EventDecoderTests {
    private func schema() throws -> Schema {
        try Schema([
            Feature("fare", .float, isRequired: true), Feature("miles", .float), Feature("hour", .integer),
            Feature("shared", .boolean),
            Feature("payment", .categorical, categories: ["cash", "card", "né\"e"]),
            Feature("company", .categorical),
        ])
    }

    /// Decodes one event and returns its values, or its fault.
    private func decode(
        _ text: String, _ layout: EventLayout = EventLayout(), limits: FeatureLimits = FeatureLimits()
    ) throws -> (values: [Double], fault: RowFault?, block: FeatureBlock) {
        let schema = try schema()
        var decoder = EventDecoder(schema: schema, layout: layout, limits: limits)
        var block = FeatureBlock(schema: schema)
        // Behind other bytes, so that positions are seen not to be absolute.
        let bytes = Array("xx\(text)yy".utf8)
        let fault = decoder.decode(bytes.span, 2..<bytes.count - 2, into: &block)
        #expect(block.count == (fault == nil ? 1 : 0))
        let values = fault == nil ? schema.features.indices.map { block.value(0, $0) } : []
        return (values, fault, block)
    }

    private func expect(_ values: [Double], _ wanted: [Double], _ comment: Comment? = nil) {
        #expect(
            values.count == wanted.count
                && zip(values, wanted).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }, comment)
    }

    @Test(arguments: [
        #"{"id":"a","ts":5,"features":{"fare":9.5,"miles":-2e1,"hour":7,"shared":true,"payment":"card","#
            + #""company":"x"}}"#,
        #"{"id":"a","ts":5,"fare":9.5,"miles":-20,"hour":7.0,"shared":1,"payment":"card","company":"x"}"#,
        #"{"features":[9.5,-20.0,7,true,"card","x"],"ts":5,"id":"a"}"#,
        #" { "features" : [ 9.5 , -20.0 , 7 , true , "card" , "x" ] , "ts" : "1970-01-01T00:00:00.005Z" , "#
            + #""id" : "a" } "#,
        #"{"other":{"fare":[1,{"a":null}]},"id":"a","features":{"z":[],"company":"x","payment":"c\u0061rd","#
            + #""shared":true,"h\u006fur":7,"miles":-20,"fare":9.5},"ts":5}"#,
        #"{"id":"b","fare":1,"id":"a","fare":2,"ts":1,"features":{"fare":9.5,"miles":3,"miles":-20,"hour":7,"#
            + #""shared":true,"payment":"card","company":"x"},"ts":5}"#,
    ])
    func theSameEventInEveryLayout(text: String) throws {
        let (values, fault, block) = try decode(text)
        #expect(fault == nil)
        expect(values, [9.5, -20, 7, 1, 1, FeatureBlock.unknownCategory])
        #expect(String(decoding: block.id(0), as: UTF8.self) == "a")
        #expect(block.idForm(0) == .string)
        #expect(block.timestampMilliseconds(0) == 5)
        #expect(block.hash(0, 0) == FNV1a.hash("card"))
        #expect(block.hash(0, 1) == FNV1a.hash("x"))
    }

    @Test func whatIsMissingIsMissing() throws {
        let (values, fault, block) = try decode(
            #"{"id":null,"features":{"fare":1,"miles":null,"payment":null}}"#)
        #expect(fault == nil)
        expect(values, [1, .nan, .nan, .nan, .nan, .nan])
        #expect(block.id(0).isEmpty)
        #expect(block.idForm(0) == .none)
        #expect(block.timestampMilliseconds(0) == nil)
    }

    @Test func idsKeepTheirBytes() throws {
        for (text, wanted, form) in [
            (#""a\"\u00e9\ud83d\ude00/""#, "a\"é😀/", FeatureBlock.IDForm.string),
            ("12345678901234567890", "12345678901234567890", .number),
            ("-1.50e3", "-1.50e3", .number), (#""""#, "", .string),
        ] {
            let (_, fault, block) = try decode("{\"fare\":1,\"id\":\(text)}")
            #expect(fault == nil)
            #expect(String(decoding: block.id(0), as: UTF8.self) == wanted)
            #expect(block.idForm(0) == form)
        }
    }

    @Test(arguments: [
        ("", RowFault.Code.notJSON, RowFault.Field.event, 0),
        ("hello", .notJSON, .event, 0), ("{\"fare\":1", .notJSON, .event, 9),
        ("{\"fare\":1}}", .notJSON, .event, 10),
        ("{\"fare\":01}", .notJSON, .event, 8), ("{\"fare\":NaN}", .notJSON, .event, 8),
        ("{\"fare\":1,\"x\":\"\u{1}\"}", .notJSON, .event, 15), ("[1]", .notAnEvent, .event, 0),
        ("5", .notAnEvent, .event, 0),
        ("{\"features\":5}", .notAnEvent, .features, 12), ("{\"fare\":\"9.5\"}", .wrongType, .feature(0), 8),
        ("{\"fare\":true}", .wrongType, .feature(0), 8), ("{\"fare\":[1]}", .wrongType, .feature(0), 8),
        ("{\"fare\":1,\"hour\":1.5}", .wrongType, .feature(2), 17),
        ("{\"fare\":1,\"shared\":2}", .wrongType, .feature(3), 19),
        ("{\"fare\":1,\"shared\":\"true\"}", .wrongType, .feature(3), 19),
        ("{\"fare\":1,\"payment\":1.5}", .wrongType, .feature(4), 20),
        ("{\"fare\":1,\"payment\":true}", .wrongType, .feature(4), 20),
        ("{\"fare\":1,\"id\":true}", .wrongType, .id, 15),
        ("{\"fare\":1,\"ts\":\"soon\"}", .wrongType, .timestamp, 15),
        ("{\"fare\":1e999}", .outOfRange, .feature(0), 8),
        ("{\"fare\":1,\"ts\":1e300}", .outOfRange, .timestamp, 15),
        ("{\"fare\":1,\"ts\":-9223372036854775808}", .outOfRange, .timestamp, 15),
        ("{\"fare\":1,\"ts\":253402300800000}", .outOfRange, .timestamp, 15),
        ("{}", .missingRequired, .feature(0), 0), ("{\"fare\":null}", .missingRequired, .feature(0), 0),
        ("{\"features\":[1,2,3]}", .wrongCount, .features, 19),
        ("{\"features\":[1,2,3,true,\"a\",\"b\",7]}", .wrongCount, .features, 32),
    ])
    func faultsNameTheReasonAndThePlace(text: String, code: RowFault.Code, field: RowFault.Field, offset: Int)
        throws
    {
        let fault = try #require(try decode(text).fault)
        #expect(fault == RowFault(code, field, at: offset))
        #expect(try !fault.message(schema()).isEmpty)
    }

    @Test func limitsHold() throws {
        var limits = FeatureLimits()
        limits.eventBytesMax = 20
        limits.eventDepthMax = 3
        limits.idBytesMax = 2
        #expect(try decode("{\"fare\":1,\"x\":[[]]}", limits: limits).fault == nil)
        #expect(try decode("{\"fare\":1,\"x\":[[[]]]}", limits: limits).fault?.code == .tooLarge)
        #expect(
            try decode("{\"fare\":1,\"x\":\"aaaaaaaa\"}", limits: limits).fault
                == RowFault(.tooLarge, .event, at: 20))
        #expect(try decode("{\"fare\":1,\"id\":\"abc\"}", limits: limits).fault?.code == .tooLarge)
        limits.eventBytesMax = 100
        #expect(
            try decode("{\"fare\":1,\"id\":\"abc\"}", limits: limits).fault
                == RowFault(.tooLarge, .id, at: 16))
        let deep = "{\"fare\":1,\"x\":" + String(repeating: "[", count: 100_000)
        #expect(try decode(deep).fault?.code == .tooLarge)
    }

    @Test func theIDOfARefusedEventStaysReadable() throws {
        for text in [
            #"{"id":"a7","fare":"x"}"#, #"{"fare":"x","id":"a7"}"#, #"{"features":{"fare":"x"},"id":"a7"}"#,
            #"{"id":"a7"}"#,
            #"{"id":"a7","fare":1"#,
        ] {
            let (_, fault, block) = try decode(text)
            #expect(fault != nil)
            #expect(block.withdrawnID.map { String(decoding: $0, as: UTF8.self) } == "a7", "\(text)")
        }
        #expect(try decode(#"{"fare":"x"}"#).block.withdrawnID == nil)
        #expect(try decode("hello").block.withdrawnID == nil)
    }

    @Test func aRefusedEventLeavesNoTrace() throws {
        let schema = try schema()
        var decoder = EventDecoder(schema: schema)
        var block = FeatureBlock(schema: schema)
        for index in 0..<200 {
            let good = Array(#"{"id":"g\#(index)","ts":\#(index),"features":{"fare":\#(index)}}"#.utf8)
            let bad = Array(#"{"id":"bad","ts":9,"features":{"miles":3,"payment":"card","fare":"x"}}"#.utf8)
            #expect(decoder.decode(bad.span, 0..<bad.count, into: &block)?.code == .wrongType)
            #expect(decoder.decode(good.span, 0..<good.count, into: &block) == nil)
        }
        #expect(block.count == 200)
        for row in 0..<200 {
            #expect(block.value(row, 0) == Double(row))
            #expect(block.value(row, 1).isNaN && block.value(row, 4).isNaN)
            #expect(String(decoding: block.id(row), as: UTF8.self) == "g\(row)")
            #expect(block.timestampMilliseconds(row) == Int64(row))
        }
        block.removeAll()
        #expect(block.count == 0)
    }

    @Test func layoutsAreStrictWhenAskedFor() throws {
        let flat = #"{"fare":1,"features":{"fare":2}}"#
        expect(try decode(flat, EventLayout(.flat)).values, [1, .nan, .nan, .nan, .nan, .nan])
        expect(try decode(flat, EventLayout(.nested)).values, [2, .nan, .nan, .nan, .nan, .nan])
        #expect(try decode(#"{"fare":1}"#, EventLayout(.nested)).fault?.code == .missingRequired)
        let other = EventLayout(idField: "trip", timestampField: "at", featuresField: "x")
        let (values, _, block) = try decode(
            #"{"trip":"t","at":3,"x":{"fare":2},"id":[],"features":0}"#, other)
        expect(values, [2, .nan, .nan, .nan, .nan, .nan])
        #expect(block.timestampMilliseconds(0) == 3)
        #expect(String(decoding: block.id(0), as: UTF8.self) == "t")
    }

    @Test func aFeatureMayBeCalledLikeTheID() throws {
        let schema = try Schema([Feature("id", .categorical, categories: ["a", "b"]), Feature("ts", .float)])
        var decoder = EventDecoder(schema: schema)
        var block = FeatureBlock(schema: schema)
        let bytes = Array(#"{"id":"b","ts":7}"#.utf8)
        #expect(decoder.decode(bytes.span, 0..<bytes.count, into: &block) == nil)
        #expect(block.value(0, 0) == 1 && block.value(0, 1) == 7)
        #expect(String(decoding: block.id(0), as: UTF8.self) == "b")
        #expect(block.timestampMilliseconds(0) == 7)
    }

    /// Random events in random layouts, orders and spacings, one after the other through one decoder, against
    /// values that the test itself put in.
    @Test func randomEventsInRandomOrder() throws {
        var random = SeededRandom(seed: 21)
        let schema = try schema()
        var decoder = EventDecoder(schema: schema)
        var block = FeatureBlock(schema: schema)
        let space = { (random: inout SeededRandom) in
            ["", "", " ", "\n\t "].randomElement(using: &random) ?? ""
        }
        for _ in 0..<3_000 {
            var wanted = [Double](repeating: .nan, count: 6)
            wanted[0] = Double.random(in: -1e3...1e3, using: &random)
            var members = ["\"fare\":\(wanted[0])"]
            if Bool.random(using: &random) {
                wanted[2] = Double(Int.random(in: -5...5, using: &random))
                members.append("\"hour\": \(Int(wanted[2]))")
            }
            if Bool.random(using: &random) {
                let code = Int.random(in: 0..<3, using: &random)
                wanted[4] = Double(code)
                members.append("\"payment\" :" + [#""cash""#, #""c\u0061rd""#, #""n\u00e9\"e""#][code])
            }
            if Bool.random(using: &random) { members.append("\"unknown\":{\"fare\":[1,\"}\"]}") }
            members.shuffle(using: &random)
            let body = members.joined(separator: space(&random) + "," + space(&random))
            let text =
                Bool.random(using: &random)
                ? "{\(body),\"id\":1}" : "{\(space(&random))\"features\":{\(body)}\(space(&random)),\"id\":1}"
            let bytes = Array(text.utf8)
            block.removeAll()
            #expect(decoder.decode(bytes.span, 0..<bytes.count, into: &block) == nil, "\(text)")
            expect((0..<6).map { block.value(0, $0) }, wanted, "\(text)")
        }
    }

    /// Every truncation and many damages: a fault or a row, never a trap; and whatever Foundation cannot read
    /// is refused.
    @Test func damagedEventsNeverTrap() throws {
        let schema = try schema()
        var decoder = EventDecoder(schema: schema)
        var block = FeatureBlock(schema: schema)
        let event = Array(
            (#"{"id":"a\n","ts":1700000000000,"features":{"fare":9.25e1,"hour":3,"payment":"né\"e","#
                + #""company":"\u00e9"}}"#).utf8)
        for count in 0..<event.count {
            #expect(decoder.decode(event.span, 0..<count, into: &block)?.code == .notJSON)
        }
        var random = SeededRandom(seed: 22)
        for _ in 0..<20_000 {
            var bytes = event
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            block.removeAll()
            let fault = decoder.decode(bytes.span, 0..<bytes.count, into: &block)
            if fault == nil {
                #expect((try? JSONSerialization.jsonObject(with: Data(bytes))) != nil)
            }
            #expect(decoder.decode(event.span, 0..<event.count, into: &block) == nil)
        }
    }
}
