import Basics
import Testing

@Suite struct BoundedReaderTests {
    @Test func readsBothByteOrdersAndRefusesTheEnd() {
        var reader = BoundedReader([0x01, 0x02, 0x03, 0x04, 0xff, 0xfe])
        #expect(reader.bigEndian(UInt16.self) == 0x0102)
        #expect(reader.littleEndian(UInt16.self) == 0x0403)
        #expect(reader.bigEndian(Int16.self) == -2)
        #expect(reader.byte() == nil)
        #expect(reader.bigEndian(UInt8.self) == nil)
        #expect(reader.take(0) == 6..<6)
        #expect(reader.take(1) == nil)
        #expect(reader.take(-1) == nil)
        #expect(reader.take(.max) == nil)
    }

    @Test func hexadecimalReturnsToItself() {
        var random = SeededRandom(seed: 7)
        for count in 0..<64 {
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
        #expect(Hex.decode("0") == nil)
        #expect(Hex.decode("0g") == nil)
        #expect(Hex.decode("AbCd") == [0xab, 0xcd])
    }
}
