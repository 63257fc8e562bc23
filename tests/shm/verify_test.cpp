#include "shm/document/verify.hpp"

#include <flatbuffers/flexbuffers.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "shm/base/limits.hpp"
#include "shm/document/builder.hpp"
#include "shm/document/flex.hpp"
#include "tests/shm/document_support.hpp"

namespace ringside {
namespace {

using test::document;

Errc failure(ByteView bytes) {
    const auto result = verify_document(bytes);
    return result ? Errc::ok : result.error().code;
}

/// The verifier of FlexBuffers counts a string as one more nesting level.
bool flexbuffers_accepts(ByteView bytes) {
    return flexbuffers::Verifier(bytes.data(), bytes.size(), nullptr, true, limits::depth_max + 1)
        .VerifyBuffer();
}

std::vector<Bytes> documents() {
    std::vector<Bytes> all;
    for (const char* json :
         {R"({"seat":"A12","row":12,"price":120.5,"free":true,"until":1517966773840,"by":null})",
          R"([{"a":1,"b":[0.1,2]},{"a":3,"b":[]},{"a":4,"b":["x"]}])",
          R"({"a":{"b":{"c":{"d":["deep",{"e":-1}]}}},"\u0000":"\u0000","ä":"日本"})",
          "[[[[[]]]],{},\"\",18446744073709551615]", "\"a string as the root\"", "null",
          "-1.5e300"}) {
        all.push_back(document(json));
    }
    std::string many = "[";
    for (int i = 0; i < 100; ++i) many += "{\"id\":" + std::to_string(i) + ",\"name\":\"n\"},";
    many.back() = ']';
    all.push_back(document(many));
    test::RandomJson random(4);
    for (int i = 0; i < 20; ++i) all.push_back(document(random.next()));
    return all;
}

/// Changes, copies or cuts a few bytes, usually into meaningful values.
void mutate(Bytes& bytes, std::mt19937& random) {
    for (std::size_t n = 1 + random() % 3; n > 0; --n) {
        Byte& byte = bytes[random() % bytes.size()];
        switch (random() % 6) {
            case 0: byte = static_cast<Byte>(random()); break;
            case 1: byte = static_cast<Byte>(random() % 12); break;
            case 2: byte = static_cast<Byte>(byte ^ (1U << random() % 8)); break;
            case 3: byte = static_cast<Byte>(byte + random() % 5 - 2); break;
            case 4: byte = bytes[random() % bytes.size()]; break;
            default: byte = random() % 2 == 0 ? 0 : 0xFF; break;
        }
    }
    if (random() % 16 == 0) bytes.resize(1 + random() % bytes.size());
}

TEST(Verify, AcceptsWhateverTheBuilderMakes) {
    for (const Bytes& bytes : documents()) {
        EXPECT_EQ(failure(bytes), Errc::ok) << test::json_of(bytes);
        EXPECT_TRUE(flexbuffers_accepts(bytes)) << test::json_of(bytes);
    }
    test::RandomJson random(5);
    for (int i = 0; i < 5000; ++i) {
        const std::string json = random.next();
        const Bytes bytes = document(json);
        ASSERT_EQ(failure(bytes), Errc::ok) << json;
        ASSERT_TRUE(flexbuffers_accepts(bytes)) << json;
    }
}

TEST(Verify, AcceptsTheDeepestAndTheWidestDocument) {
    const std::string deep(limits::depth_max, '[');
    EXPECT_EQ(failure(document(deep + "\"x\"" + std::string(limits::depth_max, ']'))), Errc::ok);
    std::string rows = "[";
    const std::string key(DocumentBuilder::shared_key_bytes_max, 'k');
    while (rows.size() < limits::document_bytes_max - 200) rows += "{\"" + key + "\":1},";
    rows.back() = ']';
    EXPECT_EQ(failure(document(rows)), Errc::ok);
}

TEST(Verify, AcceptsWhatFlexBuffersItselfEncodes) {
    flexbuffers::Builder builder(512, flexbuffers::BUILDER_FLAG_SHARE_KEYS_AND_STRINGS);
    builder.Map([&] {
        builder.Int("a", -3);
        builder.IndirectDouble("b", 0.1);
        builder.Vector("c", [&] {
            builder.String("text");
            builder.IndirectInt(-7);
            builder.IndirectUInt(7);
            builder.Bool(true);
            builder.Map([&] { builder.String("a", "text"); });
        });
    });
    builder.Finish();
    EXPECT_EQ(failure(builder.GetBuffer()), Errc::ok);
    EXPECT_EQ(test::json_of(builder.GetBuffer()),
              R"({"a":-3,"b":0.1,"c":["text",-7,7,true,{"a":"text"}]})");
}

/// Returns whether FlexBuffers reads the same value from the same bytes.
bool is_same(const Value& value, flexbuffers::Reference other) {
    switch (value.type()) {
        case ValueType::null: return other.IsNull();
        case ValueType::boolean: return other.IsBool() && other.AsBool() == *value.as_bool();
        case ValueType::integer: return other.IsInt() && other.AsInt64() == *value.as_int64();
        case ValueType::unsigned_integer:
            return other.IsUInt() && other.AsUInt64() == *value.as_uint64();
        case ValueType::real: return other.IsFloat() && other.AsDouble() == *value.as_double();
        case ValueType::string:
            return other.IsString() && other.AsString().str() == *value.as_string();
        case ValueType::array: {
            if (!other.IsUntypedVector() || other.AsVector().size() != value.size()) return false;
            for (std::size_t i = 0; i < value.size(); ++i) {
                if (!is_same(value[i], other.AsVector()[i])) return false;
            }
            return true;
        }
        case ValueType::object: {
            if (!other.IsMap() || other.AsMap().size() != value.size()) return false;
            for (std::size_t i = 0; i < value.size(); ++i) {
                const std::string key(value.key(i));
                if (!is_same(value.member(i).value, other.AsMap()[key.c_str()])) return false;
            }
            return true;
        }
    }
    return false;
}

TEST(Verify, FlexBuffersReadsWhatTheBuilderMakes) {
    for (const Bytes& bytes : documents()) {
        EXPECT_TRUE(is_same(Value::of(bytes), flexbuffers::GetRoot(bytes))) << test::json_of(bytes);
    }
    test::RandomJson random(9);
    for (int i = 0; i < 2000; ++i) {
        const std::string json = random.next();
        const Bytes bytes = document(json);
        ASSERT_EQ(test::json_of(bytes), json);
        ASSERT_TRUE(is_same(Value::of(bytes), flexbuffers::GetRoot(bytes))) << json;
    }
}

TEST(Verify, AFewWideNumbersDoNotWidenTheirContainer) {
    std::string json = R"({"a":1,"b":2,"c":3,"d":4,"e":5,"f":"x","id":-9007199254740993,)";
    const Bytes narrow = document(json + R"("price":1,"big":1})");
    const Bytes wide = document(json + R"("price":0.1,"big":18446744073709551615})");
    EXPECT_LE(wide.size(), narrow.size() + 2 * 8);
    EXPECT_EQ(Value::of(wide)["id"].as_int64(), -9007199254740993);
    EXPECT_EQ(Value::of(wide)["price"].as_double(), 0.1);
    EXPECT_EQ(Value::of(wide)["big"].as_uint64(), 18446744073709551615ULL);
    EXPECT_TRUE(is_same(Value::of(wide), flexbuffers::GetRoot(wide)));

    // If most values are wide, the container holds them inline: eight bytes and a type byte each.
    std::string reals = "[";
    for (int i = 0; i < 100; ++i) reals += "0.1,";
    reals.back() = ']';
    EXPECT_LE(document(reals).size(), 8U + 100 * 9 + 16);
}

TEST(Verify, RefusesTypesThatJsonDoesNotHave) {
    const auto encoded = [](auto fill) {
        flexbuffers::Builder builder;
        builder.Vector([&] { fill(builder); });
        builder.Finish();
        return builder.GetBuffer();
    };
    EXPECT_EQ(failure(encoded([](auto& b) { b.Blob("x", 1); })), Errc::bad_document);
    EXPECT_EQ(failure(encoded([](auto& b) { b.Key("x"); })), Errc::bad_document);
    EXPECT_EQ(failure(encoded([](auto& b) { b.TypedVector([&] { b.Int(1); }); })),
              Errc::bad_document);
    const double infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(failure(encoded([&](auto& b) { b.Double(infinity); })), Errc::bad_document);
    EXPECT_EQ(failure(encoded([&](auto& b) { b.IndirectFloat(static_cast<float>(infinity)); })),
              Errc::bad_document);
}

TEST(Verify, RefusesTextsThatAreNotUtf8) {
    flexbuffers::Builder builder;
    builder.String("a\xFFz");
    builder.Finish();
    EXPECT_EQ(failure(builder.GetBuffer()), Errc::bad_utf8);
    builder.Clear();
    builder.Map([&] { builder.Int("\xC0\x81", 1); });
    builder.Finish();
    EXPECT_EQ(failure(builder.GetBuffer()), Errc::bad_utf8);
    builder.Clear();
    builder.String("\xC0\x80");
    builder.Finish();
    EXPECT_EQ(failure(builder.GetBuffer()), Errc::bad_utf8);
}

TEST(Verify, RefusesKeysThatAreTooLongOrNotUniqueOrNotInOrder) {
    Bytes bytes = document(R"({"a":1,"b":2})");
    const auto key_at = [&](char c) {
        return static_cast<std::size_t>(std::find(bytes.begin(), bytes.end(), c) - bytes.begin());
    };
    Bytes twice = bytes;
    twice[key_at('b')] = 'a';
    EXPECT_EQ(failure(twice), Errc::duplicate_key);
    Bytes unordered = bytes;
    unordered[key_at('a')] = 'c';
    EXPECT_EQ(failure(unordered), Errc::bad_document);

    flexbuffers::Builder builder;
    builder.Map([&] { builder.Int(std::string(limits::key_bytes_max + 1, 'k').c_str(), 1); });
    builder.Finish();
    EXPECT_EQ(failure(builder.GetBuffer()), Errc::key_too_long);
}

TEST(Verify, RefusesNestingBeyondTheLimit) {
    flexbuffers::Builder builder;
    std::vector<std::size_t> starts;
    for (std::size_t i = 0; i <= limits::depth_max; ++i) starts.push_back(builder.StartVector());
    while (!starts.empty()) {
        builder.EndVector(starts.back(), false, false);
        starts.pop_back();
    }
    builder.Finish();
    EXPECT_EQ(failure(builder.GetBuffer()), Errc::too_deep);
}

TEST(Verify, RefusesBytesBeyondTheLimit) {
    EXPECT_EQ(failure(Bytes(limits::encoded_document_bytes_max + 1)), Errc::document_too_large);
    EXPECT_EQ(failure({}), Errc::bad_document);
}

/// Returns vectors of `fanout` references each to the previous vector: fanout^levels values in few
/// bytes.
Bytes bomb(std::size_t levels, std::size_t fanout) {
    Bytes bytes = {0};  // the size of an empty vector
    std::size_t target = bytes.size();
    for (std::size_t level = 0; level < levels; ++level) {
        while (bytes.size() % 2 != 0) bytes.push_back(0);
        const auto field = [&](std::size_t value) {
            bytes.push_back(static_cast<Byte>(value));
            bytes.push_back(static_cast<Byte>(value >> 8));
        };
        field(fanout);
        const std::size_t first = bytes.size();
        for (std::size_t i = 0; i < fanout; ++i) field(bytes.size() - target);
        const Byte type = static_cast<Byte>(flex::type_vector << 2 | (level == 0 ? 0 : 1));
        bytes.insert(bytes.end(), fanout, type);
        target = first;
    }
    while (bytes.size() % 2 != 0) bytes.push_back(0);
    const std::size_t back = bytes.size() - target;
    bytes.push_back(static_cast<Byte>(back));
    bytes.push_back(static_cast<Byte>(back >> 8));
    bytes.push_back(flex::type_vector << 2 | 1);
    bytes.push_back(2);
    return bytes;
}

TEST(Verify, SharingIsAllowedWhereItIsHarmless) { EXPECT_EQ(failure(bomb(2, 3)), Errc::ok); }

// A reader that visits each of its 40^20 values would never finish.
TEST(Verify, RefusesFewBytesThatExpandToMany) {
    const Bytes bytes = bomb(20, 40);
    ASSERT_LT(bytes.size(), 3000U);
    EXPECT_EQ(failure(bytes), Errc::bad_document);
}

TEST(Verify, EndsForReadersOfABombToo) {
    const Bytes bytes = bomb(20, 40);
    EXPECT_LT(to_json(Value::of(bytes)).size(), 4 * limits::document_bytes_max);
    (void)Value::of(bytes).is_same(Value::of(bytes));
}

TEST(Verify, DamagedBytesThatPassAlsoPassFlexBuffersAndReadBack) {
    std::mt19937 random(6);
    const auto valid = documents();
    int accepted = 0;
    int refused = 0;
    DocumentBuilder builder;
    for (int i = 0; i < 300'000; ++i) {
        Bytes bytes = valid[random() % valid.size()];
        mutate(bytes, random);
        bytes.shrink_to_fit();
        if (!verify_document(bytes)) {
            ++refused;
            continue;
        }
        ++accepted;
        ASSERT_TRUE(flexbuffers_accepts(bytes)) << "mutation " << i;
        // Each of its values can be copied, so readers find only values that they support.
        builder.clear();
        builder.value(Value::of(bytes));
        const auto copy = builder.finish();
        ASSERT_TRUE(copy) << "mutation " << i << ": " << copy.error().text();
        ASSERT_TRUE(Value::of(*copy).is_same(Value::of(bytes))) << "mutation " << i;
    }
    EXPECT_GT(accepted, 1000);
    EXPECT_GT(refused, 1000);
}

/// Memory between two inaccessible pages: a read outside ends the test.
class GuardedMemory {
public:
    GuardedMemory() {
        auto* memory = mmap(nullptr, page_ * 6, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        EXPECT_NE(memory, MAP_FAILED);
        first_ = static_cast<Byte*>(memory) + page_;
        EXPECT_EQ(mprotect(first_, page_ * 4, PROT_READ | PROT_WRITE), 0);
    }
    ~GuardedMemory() { munmap(first_ - page_, page_ * 6); }
    GuardedMemory(const GuardedMemory&) = delete;
    GuardedMemory& operator=(const GuardedMemory&) = delete;

    [[nodiscard]] std::size_t size() const { return page_ * 4; }
    ByteView at_the_start(const Bytes& bytes) { return put(first_, bytes); }
    ByteView at_the_end(const Bytes& bytes) { return put(first_ + size() - bytes.size(), bytes); }

private:
    static ByteView put(Byte* to, const Bytes& bytes) {
        std::memcpy(to, bytes.data(), bytes.size());
        return {to, bytes.size()};
    }

    std::size_t page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    Byte* first_;
};

/// Reads everything reachable from a value, until `visits` are used up.
std::size_t walk(const Value& value, int depth, int& visits) {
    if (--visits < 0 || depth > 70) return 0;
    std::size_t sum = value.as_bool().value_or(false) ? 1 : 0;
    sum += static_cast<std::size_t>(value.as_int64().value_or(0));
    for (const char c : value.as_string().value_or("")) sum += static_cast<unsigned char>(c);
    for (const Value element : value.elements()) {
        if (visits < 0) break;
        sum += walk(element, depth + 1, visits);
    }
    for (const auto [key, member] : value.members()) {
        if (visits < 0) break;
        for (const char c : key) sum += static_cast<unsigned char>(c);
        const std::string copy(key);
        sum += value[copy].size() + value[copy + "x"].size();
        sum += walk(member, depth + 1, visits);
    }
    return sum;
}

TEST(Verify, ReadersStayWithinAnyBytesAtAll) {
    GuardedMemory memory;
    std::mt19937 random(7);
    const auto valid = documents();
    std::size_t sum = 0;
    for (int i = 0; i < 200'000; ++i) {
        Bytes bytes = valid[random() % valid.size()];
        if (bytes.size() > memory.size()) continue;
        mutate(bytes, random);
        int visits = 300;
        sum += walk(Value::of(memory.at_the_start(bytes)), 0, visits);
        visits = 300;
        const ByteView view = memory.at_the_end(bytes);
        sum += walk(Value::of(view), 0, visits);
        sum += Value::of(view)["price of a seat"].size();
        (void)verify_document(view);
        const Bytes exact(bytes.begin(), bytes.end());  // for the address sanitizer
        visits = 300;
        sum += walk(Value::of(exact), 0, visits);
        if (i % 16 == 0) sum += to_json(Value::of(exact)).size();
    }
    EXPECT_GT(sum, 0U);
}

/// Returns the failure in a thread that has verified nothing before.
Errc failure_in_a_new_thread(ByteView bytes) {
    Errc result = Errc::ok;
    std::thread([&] { result = failure(bytes); }).join();
    return result;
}

TEST(Verify, KeysThatAreKnownAreHeldAgainstAllTheirBytes) {
    const Bytes known = document(
        R"({"at":1517966773840,"holder of it":"c-1","price":2005,"seat":{"no":1,"row":"A"}})");
    std::vector<Bytes> changed;
    for (std::size_t i = 0; i < known.size(); ++i) {
        for (const int by : {1, 2, 0x20, 0x80, 0xFF}) {
            changed.push_back(known);
            changed.back()[i] = static_cast<Byte>(changed.back()[i] ^ by);
        }
    }
    for (std::size_t size = 0; size < known.size(); ++size)
        changed.emplace_back(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(size));
    for (const Bytes& bytes : changed) {
        ASSERT_EQ(failure(known), Errc::ok);
        EXPECT_EQ(failure(bytes), failure_in_a_new_thread(bytes));
    }
}

TEST(Verify, ReadersStayWithinRandomBytes) {
    std::mt19937 random(8);
    std::size_t sum = 0;
    for (int i = 0; i < 100'000; ++i) {
        Bytes bytes(3 + random() % 60);
        for (Byte& byte : bytes) byte = static_cast<Byte>(random() % 48);
        bytes.back() = static_cast<Byte>(1U << random() % 4);
        int visits = 200;
        sum += walk(Value::of(bytes), 0, visits);
    }
    EXPECT_GT(sum, 0U);
}

}  // namespace
}  // namespace ringside
