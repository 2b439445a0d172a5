/// Puts kana and Hangul together again, whichever form a text came in: こ + ゛ as ご, jamo as syllables.
///
/// Canonical composition (Unicode 16.0 §3.11, §3.12) for these two scripts only; after folding no other letters
/// have anything to be composed with.
enum Composition {
    /// Appends `scalar`, or joins it to the last one. A voicing mark that cannot be joined is dropped.
    static func append(_ scalar: Unicode.Scalar, to scalars: inout String.UnicodeScalarView) {
        let isVoicing = scalar.value == 0x3099 || scalar.value == 0x309A
        guard isVoicing || (0x1161...0x11C2).contains(scalar.value) else {
            scalars.append(scalar)
            return
        }
        let joined = scalars.last.flatMap { isVoicing ? voiced($0, scalar) : syllable($0, scalar) }
        if let joined {
            scalars.removeLast()
            scalars.append(joined)
        } else if !isVoicing {
            scalars.append(scalar)
        }
    }

    private static func syllable(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        let vowelCount: UInt32 = 21
        let tailCount: UInt32 = 28
        switch (first.value, second.value) {
        case (0x1100...0x1112, 0x1161...0x1175):
            let open = (first.value - 0x1100) * vowelCount + second.value - 0x1161
            return Unicode.Scalar(0xAC00 + open * tailCount)
        case (0xAC00...0xD7A3, 0x11A8...0x11C2) where (first.value - 0xAC00) % tailCount == 0:
            return Unicode.Scalar(first.value + second.value - 0x11A7)
        default:
            return nil
        }
    }

    private static func voiced(_ kana: Unicode.Scalar, _ mark: Unicode.Scalar) -> Unicode.Scalar? {
        let isKatakana = (0x30A1...0x30FE).contains(kana.value)
        let hiragana = isKatakana ? kana.value - 0x60 : kana.value
        let offset = isKatakana ? UInt32(0x60) : 0
        let isDakuten = mark.value == 0x3099
        switch hiragana {
        case 0x3046 where isDakuten: return Unicode.Scalar(0x3094 + offset)
        case 0x304B...0x3061 where isDakuten && hiragana % 2 == 1,
            0x3064 where isDakuten, 0x3066 where isDakuten, 0x3068 where isDakuten,
            0x309D where isDakuten:
            return Unicode.Scalar(hiragana + 1 + offset)
        case 0x306F...0x307B where hiragana % 3 == 0:
            return Unicode.Scalar(hiragana + (isDakuten ? 1 : 2) + offset)
        case 0x308F...0x3092 where isKatakana && isDakuten:
            return Unicode.Scalar(kana.value + 8)
        default: return nil
        }
    }
}
