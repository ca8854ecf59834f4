// Rows of JSON straight from column buffers; the same texts as texts.py, which tests compare.
// C++17 for std::to_chars (shortest digits); the stable API, so one binary serves every Python.
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace {

constexpr int64_t kDay = 86400000, kOffset = 8 * 3600000, kSafe = (int64_t{1} << 53) - 1;
// Years 1 to 9999 in Shanghai: what a datetime holds.
constexpr int64_t kFirst = -62135596800000 - kOffset, kLast = 253402300799999 - kOffset;
constexpr size_t kWidest = 40;   // the longest number or instant has 31 characters
constexpr size_t kPadding = 32;  // short prefixes are copied at this fixed size, which is faster

constexpr char kPairs[] =
    "00010203040506070809101112131415161718192021222324"
    "25262728293031323334353637383940414243444546474849"
    "50515253545556575859606162636465666768697071727374"
    "75767778798081828384858687888990919293949596979899";

inline char *put2(char *p, uint64_t n) {
    std::memcpy(p, kPairs + 2 * n, 2);
    return p + 2;
}

inline char *put4(char *p, uint64_t n) { return put2(put2(p, n / 100), n % 100); }

inline char *put_small(char *p, uint64_t n) {  // below 10,000
    if (n >= 1000) return put4(p, n);
    if (n >= 100) *p++ = static_cast<char>('0' + n / 100), n %= 100;
    else if (n < 10) return *p = static_cast<char>('0' + n), p + 1;
    return put2(p, n);
}

// By fours and eights, which wait for each other less than a division per pair would.
inline char *put_middle(char *p, uint64_t n) {  // below 100,000,000
    return n < 10000 ? put_small(p, n) : put4(put_small(p, n / 10000), n % 10000);
}

char *put_natural(char *p, uint64_t n) {
    constexpr uint64_t kEight = 100000000;
    if (n < kEight) return put_middle(p, n);
    const uint64_t high = n / kEight, low = n % kEight;
    p = high < kEight ? put_middle(p, high) : put_natural(p, high);
    return put4(put4(p, low / 10000), low % 10000);
}

inline char *put_integer(char *p, int64_t n) {
    if (n < 0) *p++ = '-';
    return put_natural(p, n < 0 ? 0 - static_cast<uint64_t>(n) : static_cast<uint64_t>(n));
}

// As orjson lays it out: plain from 1e-5 up to 1e16, always with a point, with an exponent beyond.
char *put_shortest(char *p, double value) {
    if (value >= 1e-5 && value < 1e16) {
        char *const end = std::to_chars(p, p + kWidest, value, std::chars_format::fixed).ptr;
        if (std::memchr(p, '.', static_cast<size_t>(end - p))) return end;
        std::memcpy(end, ".0", 2);
        return end + 2;
    }
    char *const end = std::to_chars(p, p + kWidest, value, std::chars_format::scientific).ptr;
    if (end[-2] != '0' || end[-3] != '-') return end;
    end[-2] = end[-1];  // 1e-6, not 1e-06
    return end - 1;
}

inline char *put_double(char *p, double value) {
    if (std::signbit(value)) *p++ = '-', value = -value;
    // Decimals of at most 15 digits are all different doubles, so such a text is also the shortest.
    if (value < 1e13) {
        const auto cents = static_cast<int64_t>(value * 100 + 0.5);
        if (static_cast<double>(cents) / 100 == value) {
            p = put_natural(p, static_cast<uint64_t>(cents / 100));
            *p = '.';
            put2(p + 1, static_cast<uint64_t>(cents % 100));
            return p + (p[2] == '0' ? 2 : 3);
        }
    }
    if (value < 1e11) {
        const auto parts = static_cast<int64_t>(value * 10000 + 0.5);
        if (static_cast<double>(parts) / 10000 == value) {
            p = put_natural(p, static_cast<uint64_t>(parts / 10000));
            *p = '.';
            p = put4(p + 1, static_cast<uint64_t>(parts % 10000));
            while (p[-1] == '0') p--;
            return p;
        }
    }
    return put_shortest(p, value);
}

struct Day {
    uint64_t number = UINT64_MAX;  // since 0001-01-01
    char text[16] = {};            // "2026-07-24, with its opening quote

    void set(uint64_t day) {
        number = day;
        const uint64_t z = day + 306, era = z / 146097, in_era = z % 146097;  // from 0000-03-01
        const uint64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
        const uint64_t in_year = in_era - (365 * year + year / 4 - year / 100);
        const uint64_t month = (5 * in_year + 2) / 153;
        char *p = text;
        *p++ = '"';
        p = put4(p, year + era * 400 + (month >= 10));
        *p++ = '-';
        p = put2(p, month < 10 ? month + 3 : month - 9);
        *p++ = '-';
        put2(p, in_year - (153 * month + 2) / 5 + 1);
    }
};

template <class... Parts>
bool fail(PyObject *type, const char *format, Parts... parts) {
    PyErr_Format(type, format, parts...);
    return false;
}

struct View {  // one column's buffer, let go at its end
    Py_buffer buffer{};
    const char *data = nullptr;
    Py_ssize_t step = 0;

    View() = default;
    View(const View &) = delete;
    ~View() { PyBuffer_Release(&buffer); }

    bool open(PyObject *object, const char *codes, Py_ssize_t size, Py_ssize_t length) {
        if (PyObject_GetBuffer(object, &buffer, PyBUF_STRIDES | PyBUF_FORMAT) < 0) {
            return fail(PyExc_TypeError, "%R has no strided buffer", Py_TYPE(object));
        }
        const char *format = buffer.format ? buffer.format : "B", *code = format;
        if (*code && std::strchr(PY_LITTLE_ENDIAN ? "=@<" : "=@>", *code)) code++;
        if (!*code || !std::strchr(codes, *code) || code[1] || buffer.itemsize != size) {
            return fail(PyExc_TypeError, "a buffer of '%s', not '%c'", format, *codes);
        }
        if (buffer.ndim != 1 || *buffer.shape != length) {
            return fail(PyExc_ValueError, "a buffer of another shape, not %zd rows", length);
        }
        data = static_cast<const char *>(buffer.buf);
        step = *buffer.strides;
        return true;
    }

    template <class T>
    T at(Py_ssize_t row) const {  // copied, because a strided column may be unaligned
        T value;
        std::memcpy(&value, data + row * step, sizeof value);
        return value;
    }
};

struct Piece {
    char *text;
    Py_ssize_t size;
};

struct Cell {
    std::string prefix;  // padded to kPadding
    size_t size = 0;
    int kind = 0;
    PyObject *name = nullptr;
    View values, valid;
    std::vector<Piece> pieces;
    Day day;
};

struct Job {
    std::vector<Cell> cells;
    Py_ssize_t start, stop;
    Piece close;
    const Cell *wrong = nullptr;  // where writing ended
    Py_ssize_t row = 0;

    explicit Job(size_t count) : cells(count) {}

    static char *put_piece(char *p, Piece piece) {
        std::memcpy(p, piece.text, static_cast<size_t>(piece.size));
        return p + piece.size;
    }

    inline char *put_time(char *p, Cell &cell, int64_t time) {
        const auto since = static_cast<uint64_t>(time - kFirst);
        const uint64_t day = since / kDay, spent = since % kDay;
        if (day != cell.day.number) cell.day.set(day);
        std::memcpy(p, cell.day.text, 16);
        p += 11;
        if (cell.kind == 'd') {
            *p = '"';
            return p + 1;
        }
        *p = 'T';
        const uint64_t seconds = spent / 1000, thousandths = spent % 1000;
        put2(p + 1, seconds / 3600);
        p[3] = ':';
        put2(p + 4, seconds / 60 % 60);
        p[6] = ':';
        p = put2(p + 7, seconds % 60);
        if (thousandths) {
            put4(p, thousandths);
            *p = '.';
            p += 4;
        }
        std::memcpy(p, "+08:00\"", 7);
        return p + 7;
    }

    // Returns null for a value that has no text.
    inline char *put_value(char *p, Cell &cell) {
        if (cell.kind == 'f') {
            const auto value = cell.values.at<double>(row);
            return std::isfinite(value) ? put_double(p, value) : nullptr;
        }
        if (cell.kind == 'b') {
            const bool value = cell.values.at<char>(row) != 0;
            std::memcpy(p, value ? "true " : "false", 5);
            return p + (value ? 4 : 5);
        }
        const auto value = cell.values.at<int64_t>(row);
        if (cell.kind == 'i') return value >= -kSafe && value <= kSafe ? put_integer(p, value) : nullptr;
        return value >= kFirst && value <= kLast ? put_time(p, cell, value) : nullptr;
    }

    // Ends early, at `wrong`, where a value has no text.
    char *put_rows(char *p) {
        for (row = start; row < stop; row++) {
            if (row > start) *p++ = ',';
            for (Cell &cell : cells) {
                std::memcpy(p, cell.prefix.data(), kPadding);
                if (cell.size > kPadding) std::memcpy(p, cell.prefix.data(), cell.size);
                p += cell.size;
                if (cell.kind == 'c') continue;
                if (cell.valid.data && !cell.valid.at<char>(row)) {
                    std::memcpy(p, "null", 4);
                    p += 4;
                } else if (cell.kind == 's') {
                    p = put_piece(p, cell.pieces[static_cast<size_t>(row - start)]);
                } else if (char *const next = put_value(p, cell)) {
                    p = next;
                } else {
                    wrong = &cell;
                    return p;
                }
            }
            if (close.size == 1) *p++ = *close.text;
            else p = put_piece(p, close);
        }
        return p;
    }
};

bool read_texts(Cell &cell, PyObject *texts, Py_ssize_t count) {
    if (!PyTuple_Check(texts)) return fail(PyExc_TypeError, "texts are a tuple of bytes");
    if (PyTuple_Size(texts) != count) return fail(PyExc_ValueError, "not %zd texts", count);
    cell.pieces.resize(static_cast<size_t>(count));
    for (Py_ssize_t at = 0; at < count; at++) {
        Piece &piece = cell.pieces[static_cast<size_t>(at)];
        PyObject *text = PyTuple_GetItem(texts, at);
        if (PyBytes_AsStringAndSize(text, &piece.text, &piece.size) < 0) return false;
    }
    return true;
}

bool read_cell(Cell &cell, PyObject *item, Py_ssize_t length, Py_ssize_t count) {
    PyObject *prefix, *values, *valid;
    if (!PyTuple_Check(item)) return fail(PyExc_TypeError, "a cell is a tuple");
    if (!PyArg_ParseTuple(item, "SCUOO", &prefix, &cell.kind, &cell.name, &values, &valid)) return false;
    cell.size = static_cast<size_t>(PyBytes_Size(prefix));
    cell.prefix.assign(PyBytes_AsString(prefix), cell.size);
    if (cell.size < kPadding) cell.prefix.resize(kPadding);
    if (valid != Py_None && !cell.valid.open(valid, "?", 1, length)) return false;
    switch (cell.kind) {
        case 'c': return true;
        case 's': return read_texts(cell, values, count);
        case 'f': return cell.values.open(values, "d", 8, length);
        case 'b': return cell.values.open(values, "?", 1, length);
        case 'i': case 't': case 'd': return cell.values.open(values, "ql", 8, length);
        default: return fail(PyExc_ValueError, "a kind is one of c s f b i t d");
    }
}

// The most that the rows can take, so that writing needs no check; 0 where no memory holds it.
size_t bound(const Job &job) {
    const auto count = static_cast<size_t>(job.stop - job.start);
    size_t row = static_cast<size_t>(job.close.size) + 1, room = PY_SSIZE_T_MAX - 2 * kPadding;
    const size_t most = room;
    for (const Cell &cell : job.cells) {
        row += cell.size + kWidest;
        for (const Piece &piece : cell.pieces) {
            if (static_cast<size_t>(piece.size) > room) return 0;
            room -= static_cast<size_t>(piece.size);
        }
    }
    if (count && row > room / count) return 0;
    return count * row + (most - room) + 2 * kPadding;
}

void complain(const Job &job) {
    PyObject *value = job.wrong->kind == 'f'
                          ? PyFloat_FromDouble(job.wrong->values.at<double>(job.row))
                          : PyLong_FromLongLong(job.wrong->values.at<int64_t>(job.row));
    if (!value) return;
    PyErr_Format(PyExc_ValueError, "row %zd of column %U cannot be written: %S", job.row,
                 job.wrong->name, value);
    Py_DECREF(value);
}

PyObject *write(Job &job) {
    const size_t size = bound(job);
    const std::unique_ptr<char, void (*)(void *)> text(
        size ? static_cast<char *>(std::malloc(size)) : nullptr, std::free);
    if (!text) return PyErr_NoMemory();
    char *end;
    Py_BEGIN_ALLOW_THREADS;
    end = job.put_rows(text.get());
    Py_END_ALLOW_THREADS;
    if (!job.wrong) return PyBytes_FromStringAndSize(text.get(), end - text.get());
    complain(job);
    return nullptr;
}

PyObject *encode(PyObject *, PyObject *arguments) {
    PyObject *items, *close;
    Py_ssize_t length, start, stop;
    if (!PyArg_ParseTuple(arguments, "O!nnnS", &PyTuple_Type, &items, &length, &start, &stop, &close)) {
        return nullptr;
    }
    if (start < 0 || start > stop || stop > length) {
        PyErr_Format(PyExc_ValueError, "rows %zd to %zd of %zd", start, stop, length);
        return nullptr;
    }
    try {
        Job job(static_cast<size_t>(PyTuple_Size(items)));
        job.start = start;
        job.stop = stop;
        job.close = {PyBytes_AsString(close), PyBytes_Size(close)};
        for (Py_ssize_t at = 0; at < PyTuple_Size(items); at++) {
            Cell &cell = job.cells[static_cast<size_t>(at)];
            if (!read_cell(cell, PyTuple_GetItem(items, at), length, stop - start)) return nullptr;
        }
        return write(job);
    } catch (const std::bad_alloc &) {
        return PyErr_NoMemory();
    }
}

PyMethodDef methods[] = {{"encode", encode, METH_VARARGS,
                          "encode(cells, length, start, stop, close) -> bytes"},
                         {nullptr, nullptr, 0, nullptr}};
PyModuleDef module = {PyModuleDef_HEAD_INIT, "_encoder", nullptr, 0, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__encoder() { return PyModule_Create(&module); }
