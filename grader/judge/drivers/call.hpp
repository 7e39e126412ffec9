// Reads a call's arguments and writes its result, both as JSON, by the types the compiler sees.
//
// The arguments were written by the judge. What the function returned is written as what it is, and judged
// outside: whatever a submission does to this, it can only change the value it is judged by.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace touchstone {

struct Input {
    std::string text;
    const char *at = nullptr;

    explicit Input(const char *path) {
        std::FILE *file = std::fopen(path, "rb");
        char chunk[65536];
        for (std::size_t got; file && (got = std::fread(chunk, 1, sizeof chunk, file)) > 0;) text.append(chunk, got);
        if (file) std::fclose(file);
        at = text.c_str();
        std::remove(path);
    }
    char next() {
        while (*at == ' ' || *at == '\n') ++at;
        return *at;
    }
    void expect(char wanted) {
        if (next() != wanted) {
            std::fprintf(stderr, "driver: arguments of another type\n");
            std::exit(70);
        }
        ++at;
    }
    // Whether another item follows, taking the comma before it, or else the closing bracket.
    bool more(char close) {
        if (next() == close) return ++at, false;
        if (*at == ',') ++at;
        return true;
    }

    void read(bool &value) {
        value = next() == 't';
        at += value ? 4 : 5;
    }
    void read(long long &value) {
        char *end;
        value = std::strtoll(at, &end, 10);
        at = end;
    }
    void read(double &value) {
        if (next() == '{') {
            value = at[11] == 'n' ? NAN : at[11] == '-' ? -INFINITY : INFINITY;
            at = std::strchr(at, '}') + 1;
            return;
        }
        char *end;
        value = std::strtod(at, &end);
        at = end;
    }
    // The judge escapes only quotes, backslashes and control characters.
    void read(std::string &value) {
        expect('"');
        while (*at != '"') {
            char byte = *at++;
            if (byte == '\\') {
                byte = *at++;
                if (byte == 'u') {
                    byte = static_cast<char>(std::stoi(std::string(at, 4), nullptr, 16));
                    at += 4;
                } else if (const char *form = std::strchr("b\bf\fn\nr\rt\t", byte)) {
                    byte = form[1];
                }
            }
            value.push_back(byte);
        }
        ++at;
    }
    template <class T> void read(std::vector<T> &value) {
        for (expect('['); more(']');) {
            T item{};
            read(item);
            value.push_back(std::move(item));
        }
    }
    template <class T> void read(std::map<std::string, T> &value) {
        for (expect('{'); more('}');) {
            std::string key;
            read(key);
            expect(':');
            read(value[key]);
        }
    }
    template <class... T> void read(std::tuple<T...> &value) {
        expect('[');
        std::apply([this](T &...item) { ((more(']'), read(item)), ...); }, value);
        expect(']');
    }
    template <class T> void read(std::optional<T> &value) {
        if (next() == 'n') {
            at += 4;
        } else {
            read(value.emplace());
        }
    }
};

template <class T> concept Textual = std::is_convertible_v<const T &, std::string_view>;
template <class T> concept Range = requires(const T &value) { value.begin(); value.end(); };
template <class T> concept Mapping = Range<T> && requires { typename T::mapped_type; };
template <class T> concept Product = !Range<T> && requires { std::tuple_size<T>::value; };
template <class T> concept Optional = requires(const T &value) { value.has_value(); *value; };

// The length of the UTF-8 character at `at`, 0 where there is none. RFC 3629.
inline std::size_t character(const unsigned char *at, const unsigned char *end) {
    std::size_t length = *at < 0x80 ? 1 : *at < 0xC2 ? 0 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : *at < 0xF5 ? 4 : 0;
    if (!length || static_cast<std::size_t>(end - at) < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((at[i] & 0xC0) != 0x80) return 0;
    if ((*at == 0xE0 && at[1] < 0xA0) || (*at == 0xED && at[1] > 0x9F)) return 0;
    if ((*at == 0xF0 && at[1] < 0x90) || (*at == 0xF4 && at[1] > 0x8F)) return 0;
    return length;
}

struct Output {
    std::string text;

    void write_text(std::string_view value) {
        const std::size_t start = text.size();
        text += '"';
        const auto *at = reinterpret_cast<const unsigned char *>(value.data()), *end = at + value.size();
        while (at < end) {
            const std::size_t length = character(at, end);
            if (!length) {
                text.resize(start);
                text += "{\"$foreign\":\"bytes\"}";
                return;
            }
            if (*at < 0x20 || *at == '"' || *at == '\\') {
                char escaped[8];
                std::snprintf(escaped, sizeof escaped, "\\u%04x", *at);
                text += escaped;
            } else {
                text.append(reinterpret_cast<const char *>(at), length);
            }
            at += length;
        }
        text += '"';
    }
    void write_number(double value) {
        char digits[40];
        std::snprintf(digits, sizeof digits, "%.17g", value);
        if (std::isnan(value)) text += "{\"$float\":\"nan\"}";
        else if (std::isinf(value)) text += value > 0 ? "{\"$float\":\"inf\"}" : "{\"$float\":\"-inf\"}";
        else text += digits, text += std::strpbrk(digits, ".e") ? "" : ".0";
    }
    template <class T> void write(const T &value) {
        if constexpr (std::is_same_v<T, bool>) {
            text += value ? "true" : "false";
        } else if constexpr (std::is_integral_v<T>) {
            text += std::to_string(value);
        } else if constexpr (std::is_floating_point_v<T>) {
            write_number(static_cast<double>(value));
        } else if constexpr (Textual<T>) {
            write_text(value);
        } else if constexpr (Mapping<T>) {
            text += "{\"$dict\":[";
            separated(value, [this](const auto &pair) {
                text += '[', write(pair.first), text += ',', write(pair.second), text += ']';
            });
            text += "]}";
        } else if constexpr (Range<T>) {
            text += '[';
            separated(value, [this](const typename T::value_type &item) { write(item); });
            text += ']';
        } else if constexpr (Product<T>) {
            text += "{\"$tuple\":[";
            bool first = true;
            std::apply([&](const auto &...item) { ((text += first ? "" : ",", first = false, write(item)), ...); }, value);
            text += "]}";
        } else if constexpr (Optional<T>) {
            if (value.has_value()) write(*value);
            else text += "null";
        } else {
            text += "{\"$foreign\":\"other\"}";
        }
    }
    template <class T, class Write> void separated(const T &items, Write write_item) {
        bool first = true;
        for (const auto &item : items) {
            if (!first) text += ',';
            first = false;
            write_item(item);
        }
    }
};

inline Output output;

template <class T> void answer(const T &value) { output.write(value); }
inline void answer_nothing() { output.text += "null"; }

// Threads and static objects that the submission left have no say any more: a joinable thread's end is std::terminate.
[[noreturn]] inline void finish(const char *path) {
    std::cout.flush(), std::clog.flush();
    std::fflush(stdout);
    const std::string report = "{\"value\":" + output.text + "}";
    std::FILE *file = std::fopen(path, "wb");
    if (!file || std::fwrite(report.data(), 1, report.size(), file) != report.size() || std::fclose(file)) std::_Exit(71);
    std::_Exit(0);
}

}  // namespace touchstone
