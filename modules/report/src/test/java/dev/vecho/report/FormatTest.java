package dev.vecho.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormatTest {

    @ParameterizedTest
    @CsvSource({"a.txt, text", "/b/c.JSON, json", "a.jsonl, jsonl", "TEST-vecho.xml, junit", "a.csv,", "json,"})
    void knowsAFormatByTheNameOfAFile(String file, String format) {
        assertThat(Format.ofFile(file).map(Format::toString).orElse(null)).isEqualTo(format);
    }
}
