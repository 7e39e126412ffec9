import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Reads a call's arguments and writes its result, both as JSON.
 *
 * The arguments were written by the judge. What the method returned is written as what it is, and judged
 * outside: whatever a submission does to this, it can only change the value it is judged by.
 */
final class Call {
    private static final int DEEPEST = 64;
    private final String text;
    private int at;

    Call(String path) throws IOException {
        text = Files.readString(Path.of(path));
        Files.delete(Path.of(path));
    }

    private char next() {
        while (text.charAt(at) == ' ' || text.charAt(at) == '\n') at++;
        return text.charAt(at);
    }

    private void expect(char wanted) {
        if (next() != wanted) throw new IllegalStateException("driver: arguments of another type");
        at++;
    }

    /** Whether another item follows, taking the comma before it, or else the closing bracket. */
    private boolean more(char close) {
        if (next() == close) {
            at++;
            return false;
        }
        if (text.charAt(at) == ',') at++;
        return true;
    }

    private String number() {
        next();
        int start = at;
        while ("+-.0123456789eE".indexOf(text.charAt(at)) >= 0) at++;
        return text.substring(start, at);
    }

    <T> T item(char before, Supplier<T> read) {
        expect(before);
        return read.get();
    }

    <T> T end(T value) {
        expect(']');
        return value;
    }

    <T> T maybe(Supplier<T> read) {
        if (next() != 'n') return read.get();
        at += 4;
        return null;
    }

    <T> List<T> list(Supplier<T> read) {
        List<T> items = new ArrayList<>();
        for (expect('['); more(']');) items.add(read.get());
        return items;
    }

    <T> Map<String, T> map(Supplier<T> read) {
        Map<String, T> items = new LinkedHashMap<>();
        for (expect('{'); more('}');) {
            String key = strValue();
            expect(':');
            items.put(key, read.get());
        }
        return items;
    }

    long intValue() {
        return Long.parseLong(number());
    }

    double floatValue() {
        if (next() != '{') return Double.parseDouble(number());
        int close = text.indexOf('}', at);
        String name = text.substring(at + 11, close - 1);
        at = close + 1;
        return name.equals("nan") ? Double.NaN : name.equals("inf") ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
    }

    boolean boolValue() {
        boolean value = next() == 't';
        at += value ? 4 : 5;
        return value;
    }

    /** The judge escapes only quotes, backslashes and control characters. */
    String strValue() {
        expect('"');
        StringBuilder value = new StringBuilder();
        for (char c; (c = text.charAt(at++)) != '"';) {
            if (c == '\\') {
                c = text.charAt(at++);
                int form = "bfnrt".indexOf(c);
                if (c == 'u') {
                    c = (char) Integer.parseInt(text.substring(at, at + 4), 16);
                    at += 4;
                } else if (form >= 0) {
                    c = "\b\f\n\r\t".charAt(form);
                }
            }
            value.append(c);
        }
        return value.toString();
    }

    long[] intArray() {
        long[] items = new long[8];
        int length = 0;
        for (expect('['); more(']');) {
            if (length == items.length) items = Arrays.copyOf(items, 2 * length);
            items[length++] = intValue();
        }
        return Arrays.copyOf(items, length);
    }

    double[] floatArray() {
        double[] items = new double[8];
        int length = 0;
        for (expect('['); more(']');) {
            if (length == items.length) items = Arrays.copyOf(items, 2 * length);
            items[length++] = floatValue();
        }
        return Arrays.copyOf(items, length);
    }

    boolean[] boolArray() {
        boolean[] items = new boolean[8];
        int length = 0;
        for (expect('['); more(']');) {
            if (length == items.length) items = Arrays.copyOf(items, 2 * length);
            items[length++] = boolValue();
        }
        return Arrays.copyOf(items, length);
    }

    static void answer(Object value, String path) throws IOException {
        StringBuilder out = new StringBuilder("{\"value\":");
        write(out, value, 0);
        System.out.flush();
        Files.write(Path.of(path), out.append('}').toString().getBytes(StandardCharsets.UTF_8));
        // Threads that the submission left running have no say any more.
        Runtime.getRuntime().halt(0);
    }

    private static void write(StringBuilder out, Object value, int depth) {
        if (depth > DEEPEST) {
            out.append("{\"$foreign\":\"too large\"}");
        } else if (value == null || value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte
                || value instanceof java.math.BigInteger) {
            out.append(value);
        } else if (value instanceof Double || value instanceof Float) {
            writeNumber(out, ((Number) value).doubleValue());
        } else if (value instanceof String) {
            writeText(out, (String) value);
        } else if (value instanceof Tuple) {
            out.append("{\"$tuple\":");
            writeAll(out, Arrays.asList(((Tuple) value).items()), depth);
            out.append('}');
        } else if (value instanceof Collection) {
            writeAll(out, (Collection<?>) value, depth);
        } else if (value instanceof Map) {
            writeMap(out, (Map<?, ?>) value, depth);
        } else if (value.getClass().isArray()) {
            writeArray(out, value, depth);
        } else {
            out.append("{\"$foreign\":\"other\"}");
        }
    }

    private static void writeAll(StringBuilder out, Collection<?> items, int depth) {
        out.append('[');
        String comma = "";
        for (Object item : items) {
            out.append(comma);
            write(out, item, depth + 1);
            comma = ",";
        }
        out.append(']');
    }

    private static void writeArray(StringBuilder out, Object array, int depth) {
        out.append('[');
        for (int i = 0, length = java.lang.reflect.Array.getLength(array); i < length; i++) {
            if (i > 0) out.append(',');
            write(out, java.lang.reflect.Array.get(array, i), depth + 1);
        }
        out.append(']');
    }

    private static void writeMap(StringBuilder out, Map<?, ?> items, int depth) {
        out.append("{\"$dict\":[");
        String comma = "";
        for (Map.Entry<?, ?> entry : items.entrySet()) {
            out.append(comma).append('[');
            write(out, entry.getKey(), depth + 1);
            out.append(',');
            write(out, entry.getValue(), depth + 1);
            out.append(']');
            comma = ",";
        }
        out.append("]}");
    }

    private static void writeNumber(StringBuilder out, double value) {
        if (Double.isNaN(value)) out.append("{\"$float\":\"nan\"}");
        else if (Double.isInfinite(value)) out.append(value > 0 ? "{\"$float\":\"inf\"}" : "{\"$float\":\"-inf\"}");
        else out.append(value);
    }

    private static void writeText(StringBuilder out, String value) {
        out.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            boolean pair = Character.isHighSurrogate(c) && i + 1 < value.length() && Character.isLowSurrogate(value.charAt(i + 1));
            if (pair) out.append(c).append(value.charAt(++i));
            else if (c < 0x20 || c == '"' || c == '\\' || Character.isSurrogate(c)) out.append(String.format("\\u%04x", (int) c));
            else out.append(c);
        }
        out.append('"');
    }
}
