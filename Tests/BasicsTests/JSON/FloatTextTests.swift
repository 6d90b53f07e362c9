import Basics
import Foundation
import Testing

/// The writing of float32 against the standard library, which is the oracle.
struct FloatTextTests {
    private func text(_ value: Float) -> String {
        var bytes: [UInt8] = []
        bytes.append(number: value)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func expect(_ value: Float) {
        let written = text(value)
        #expect(written == value.description, "\(value.bitPattern)")
        #expect(strtof(written, nil).bitPattern == value.bitPattern, "\(value.bitPattern)")
    }

    @Test func writesWhatTheStandardLibraryWrites() {
        var random = SeededRandom(seed: 41)
        for _ in 0..<60_000 {
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            if value.isFinite { expect(value) }
            expect(Float(random.unit()))
        }
    }

    @Test func theEdgesOfEveryPowerOfTwoAndOfTen() {
        for exponent in UInt32(0)..<255 {
            for pattern in [exponent << 23, exponent << 23 | 1, exponent << 23 | 0x7F_FFFF] {
                expect(Float(bitPattern: pattern))
                expect(-Float(bitPattern: pattern))
            }
        }
        for power in -45...38 {
            let value = strtof("1e\(power)", nil)
            for near in [value.nextDown, value, value.nextUp] where near.isFinite { expect(near) }
        }
        for value in [1, 10, 100, 16_777_215, 16_777_216, 16_777_218, 0.0001, 0.00009999, 9_999_999]
            as [Float]
        {
            expect(value)
        }
    }

    @Test func whatIsNotFiniteIsNull() {
        #expect([Float.nan, .infinity, -.infinity].map(text) == ["null", "null", "null"])
        #expect(text(0) == "0.0" && text(-0.0) == "-0.0")
    }

    @Test func integersInDecimal() {
        var random = SeededRandom(seed: 42)
        var values = [0, 1, -1, 9, 10, 99, 100, Int.max, Int.min]
        for _ in 0..<2_000 {
            values.append(Int(truncatingIfNeeded: random.next()) >> Int.random(in: 0..<63, using: &random))
        }
        for value in values {
            var bytes: [UInt8] = [0x78]
            bytes.append(decimal: value)
            #expect(String(decoding: bytes, as: UTF8.self) == "x\(value)")
        }
    }
}
