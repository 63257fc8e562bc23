#include "broker/store/store.hpp"

#include <gtest/gtest.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <fstream>
#include <map>

#include "broker/store/stored_value.hpp"
#include "ringside/client.hpp"
#include "shm/document/json.hpp"
#include "tests/store/unreliable_disk.hpp"
#include "tests/support/seeded_test.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside::broker {
namespace {

using testing::TemporaryDirectory;
using testing::UnreliableDisk;

Store::Options options_for(const std::string& directory, const std::string& grid = "test") {
    Store::Options options;
    options.directory = directory;
    options.grid = grid;
    options.ring_entries = 1024;
    return options;
}

void put(Store& store, const std::string& name, const std::string& json, Revision revision,
         std::uint64_t expires_ms = 0) {
    const Bytes document = document_from_json(json).value();
    store.put({name, document, 1, revision, expires_ms});
}

struct Read {
    std::map<std::string, std::string> records;
    std::vector<std::string> damaged;
    Store::Summary summary;
};

Read read_all(const Store& store) {
    Read read;
    read.summary =
        store
            .read(
                [&](const StoredRecord& record) -> Result<void> {
                    read.records[std::string(record.name)] = to_json(Value::of(record.document));
                    return {};
                },
                [&](std::string_view what, const std::string&) { read.damaged.emplace_back(what); })
            .value();
    return read;
}

TEST(Store, KeepsNamesWithC1ControlsOfEarlierReleases) {
    const TemporaryDirectory directory;
    testing::TestGrid grid;
    EXPECT_EQ(grid.stop(), 0);
    {
        Store store = Store::open(options_for(directory / "data", grid.name())).value();
        put(store, "a\u009Bb", "1", 1);
        ASSERT_TRUE(store.write(1, true));
    }
    grid.set_options({"--memory", "64MiB", "--data", directory / "data"});
    grid.start();
    Client client = Client::attach({.grid = grid.name()}).value();
    EXPECT_EQ(to_json(client.get("a\u009Bb").value().document()), "1");
    EXPECT_EQ(client.put("a\u009Bb", "2").error(), Errc::bad_name);
    EXPECT_TRUE(client.remove("a\u009Bb"));
    EXPECT_EQ(client.get("a\u009Bb").error(), Errc::bad_name);
}

TEST(Store, HoldsWhatWasWrittenWithItsRevision) {
    const TemporaryDirectory directory;
    {
        Store store = Store::open(options_for(directory / "data")).value();
        EXPECT_EQ(store.revision(), 0U);
        put(store, "a", R"({"x":1})", 3, 77);
        put(store, "b", "[1,2]", 4);
        ASSERT_TRUE(store.write(4, true));
        store.erase("b");
        ASSERT_TRUE(store.write(5, false));
        EXPECT_EQ(store.revision(), 5U);
    }
    const Store store = Store::open(options_for(directory / "data")).value();
    EXPECT_EQ(store.revision(), 5U);
    std::vector<StoredRecord> met;
    store
        .read(
            [&](const StoredRecord& record) -> Result<void> {
                EXPECT_EQ(record.name, "a");
                EXPECT_EQ(to_json(Value::of(record.document)), R"({"x":1})");
                met.push_back(record);
                return {};
            },
            [](std::string_view what, const std::string&) { ADD_FAILURE() << what; })
        .value();
    ASSERT_EQ(met.size(), 1U);
    EXPECT_EQ(met[0].revision, 3U);
    EXPECT_EQ(met[0].version, 1U);
    EXPECT_EQ(met[0].expires_ms, 77U);
}

TEST(Store, IsOpenInOneProcessOnlyButCanBeRead) {
    const TemporaryDirectory directory;
    Store store = Store::open(options_for(directory / "data")).value();
    put(store, "a", "1", 1);
    ASSERT_TRUE(store.write(1, true));
    EXPECT_EQ(Store::open(options_for(directory / "data")).error().code, Errc::store_in_use);
    const Store reading = Store::open_read_only(directory / "data").value();
    EXPECT_EQ(reading.revision(), 1U);
    EXPECT_EQ(read_all(reading).records.size(), 1U);
}

TEST(Store, ForeignDirectoryIsRefused) {
    const TemporaryDirectory directory;
    { const Store made = Store::open(options_for(directory / "data")).value(); }
    const auto other = Store::open(options_for(directory / "data", "other"));
    EXPECT_EQ(other.error().code, Errc::store_mismatch);
    EXPECT_NE(other.error().detail.find("'test'"), std::string::npos) << other.error().detail;

    std::filesystem::create_directory(directory / "full");
    std::ofstream(directory / "full/notes.txt") << "mine";
    EXPECT_EQ(Store::open(options_for(directory / "full")).error().code, Errc::store_mismatch);

    std::ofstream(directory / "file") << "not a directory";
    EXPECT_EQ(Store::open(options_for(directory / "file/data")).error().code, Errc::system_error);
    EXPECT_EQ(Store::open_read_only(directory / "nothing").error().code, Errc::not_found);
}

TEST(Store, RefusesANewerFormat) {
    const TemporaryDirectory directory;
    { const Store made = Store::open(options_for(directory / "data")).value(); }
    std::ofstream(directory / "data/STORE")
        << "format = 3\ngrid = \"test\"\nid = \"5\"\nring-entries = 1\n";
    EXPECT_EQ(Store::open(options_for(directory / "data")).error().code, Errc::store_format);
    std::ofstream(directory / "data/STORE") << "format = ";
    EXPECT_EQ(Store::open(options_for(directory / "data")).error().code, Errc::store_damaged);
    std::ofstream(directory / "data/STORE") << "";
    EXPECT_EQ(Store::open(options_for(directory / "data")).error().code, Errc::store_damaged);
}

TEST(Store, ReadsTheFirstFormatAndLeavesItBehind) {
    const TemporaryDirectory directory;
    { const Store made = Store::open(options_for(directory / "data")).value(); }
    std::ofstream(directory / "data/STORE")
        << "format = 1\ngrid = \"test\"\nid = \"5\"\nring-entries = 1\n";
    { const Store opened = Store::open(options_for(directory / "data")).value(); }
    EXPECT_EQ(Store::identify(directory / "data")->format, Store::format);
}

TEST(Store, ValueOfTheFirstFormatHasNoTime) {
    const Bytes document = document_from_json("[1,2]").value();
    const StoredRecord record{"a", document, 7, 9, 0, 123};
    const ValueHeader header = header_of(record);
    const auto with = [&](const void* fields, std::size_t bytes) {
        return std::string(static_cast<const char*>(fields), bytes)
            .append(document.begin(), document.end());
    };
    std::vector<std::uint64_t> words;
    EXPECT_EQ(read_value("a", with(&header, sizeof header), words)->updated_ns, 123U);
    // The earlier format: the checksum covers the fields up to the expiry.
    std::uint64_t former[4] = {0, header.revision, header.version, header.expires_ms};
    std::uint64_t hash = XXH3_64bits(former + 1, sizeof former - sizeof former[0]);
    hash = XXH3_64bits_withSeed("a", 1, hash);
    former[0] = XXH3_64bits_withSeed(document.data(), document.size(), hash);
    const auto read = read_value("a", with(former, sizeof former), words);
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(read->version, 7U);
    EXPECT_EQ(read->updated_ns, 0U);
    EXPECT_EQ(to_json(Value::of(read->document)), "[1,2]");
    former[1] ^= 1;
    EXPECT_EQ(read_value("a", with(former, sizeof former), words).error().code,
              Errc::store_damaged);
}

TEST(Store, HasNoRecordsOfTheGridButThoseOfIndexes) {
    const Bytes document = document_from_json("{}").value();
    std::vector<std::uint64_t> words;
    const auto read = [&](std::string_view name) {
        const ValueHeader header = header_of({name, document, 1, 1, 0, 0});
        return read_value(name,
                          std::string(reinterpret_cast<const char*>(&header), sizeof header)
                              .append(document.begin(), document.end()),
                          words);
    };
    EXPECT_TRUE(read("$sys/index/a/at:%2Fb"));
    EXPECT_EQ(read("$sys/session/1").error().code, Errc::reserved_name);
    EXPECT_EQ(read("$other").error().code, Errc::reserved_name);
}

TEST(Store, MissingIdentityFileIsRefused) {
    const TemporaryDirectory directory;
    {
        Store store = Store::open(options_for(directory / "data")).value();
        put(store, "a", "1", 1);
        ASSERT_TRUE(store.write(1, true));
    }
    std::filesystem::remove(directory / "data/STORE");
    EXPECT_EQ(Store::open(options_for(directory / "data")).error().code, Errc::store_damaged);
}

/// Power is lost at random times. Synced batches must exist completely.
TEST(Store, KeepsWhatWasSyncedWhenPowerIsLost) {
    UnreliableDisk::Losses losses;
    for (unsigned seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE(seed);
        const TemporaryDirectory directory;
        UnreliableDisk disk(seed);
        Store::Options options = options_for(directory / "data");
        options.environment = disk.env();
        std::mt19937 random(seed);
        Revision synced = 0;
        Revision written = 0;
        for (int life = 0; life < 4; ++life) {
            auto opened = Store::open(options);
            ASSERT_TRUE(opened) << opened.error().text();
            ASSERT_GE(opened->revision(), synced);
            ASSERT_LE(opened->revision(), written);
            const Read read = read_all(*opened);
            EXPECT_TRUE(read.damaged.empty());
            const std::string expected = std::to_string(opened->revision());
            // Each batch writes its revision into all records.
            EXPECT_EQ(read.records.size(), opened->revision() == 0 ? 0U : 20U);
            for (const auto& [name, json] : read.records) ASSERT_EQ(json, expected) << name;
            written = synced = opened->revision();
            const auto batches = random() % 40;
            for (auto batch = batches; batch > 0; --batch) {
                ++written;
                for (int i = 0; i < 20; ++i) {
                    put(*opened, "r" + std::to_string(i), std::to_string(written), written);
                }
                const bool sync = random() % 4 == 0;
                ASSERT_TRUE(opened->write(written, sync));
                if (sync) synced = written;
            }
            opened = Error(Errc::ok);
            disk.lose_power();
        }
        losses.cut += disk.losses().cut;
        losses.noise += disk.losses().noise;
        losses.created += disk.losses().created;
        losses.renamed += disk.losses().renamed;
        losses.deleted += disk.losses().deleted;
    }
    EXPECT_GT(losses.cut, 0U);
    EXPECT_GT(losses.noise, 0U);
    EXPECT_GT(losses.created + losses.renamed + losses.deleted, 0U);
}

TEST(Store, SaysWhenTheDiskIsFull) {
    const TemporaryDirectory directory;
    UnreliableDisk disk;
    Store::Options options = options_for(directory / "data");
    options.environment = disk.env();
    {
        Store store = Store::open(options).value();
        put(store, "a", "1", 1);
        ASSERT_TRUE(store.write(1, true));
        disk.run_full(true);
        put(store, "b", "1", 2);
        const auto refused = store.write(2, true);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Errc::store_failed);
        EXPECT_NE(refused.error().detail.find("full"), std::string::npos);
    }
    disk.run_full(false);
    const Store store = Store::open(options).value();
    EXPECT_EQ(store.revision(), 1U);
}

/// Returns the database's only file with this suffix.
std::string file_of(const std::string& directory, const std::string& ending) {
    for (const auto& entry : std::filesystem::directory_iterator(directory + "/db")) {
        if (entry.path().string().ends_with(ending)) return entry.path().string();
    }
    return {};
}

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(Store, NamesTheRecordWhoseBytesAreDamaged) {
    const TemporaryDirectory directory;
    const std::string data = directory / "data";
    {
        Store store = Store::open(options_for(data)).value();
        for (int i = 0; i < 1000; ++i) {
            put(store, "record/" + std::to_string(1000 + i),
                R"({"text":"MARK)" + std::to_string(1000 + i) + R"(","n":)" + std::to_string(i) +
                    "}",
                1);
        }
        ASSERT_TRUE(store.write(1, true));
    }
    { const Store flushed = Store::open(options_for(data)).value(); }  // the log becomes a table
    const std::string table = file_of(data, ".sst");
    ASSERT_FALSE(table.empty());
    std::string bytes = content_of(table);
    const std::size_t at = bytes.find("MARK1500");
    ASSERT_NE(at, std::string::npos);
    bytes[at + 1] = static_cast<char>(bytes[at + 1] ^ 0x10);
    std::ofstream(table, std::ios::binary) << bytes;

    const Store store = Store::open(options_for(data)).value();
    EXPECT_FALSE(store.verify_files());
    const Read read = read_all(store);
    EXPECT_EQ(read.records.size(), 999U);
    EXPECT_EQ(read.summary.records, 999U);
    EXPECT_EQ(read.summary.damaged, 1U);
    EXPECT_EQ(read.damaged, std::vector<std::string>{"record/1500"});
}

/// Whatever damage its files have, opening and reading a store ends with correct records or with an
/// error.
TEST(Store, NoDamageToItsFilesDoesHarm) {
    const TemporaryDirectory directory;
    const std::string made = directory / "made";
    std::map<std::string, std::string> expected;
    {
        Store store = Store::open(options_for(made)).value();
        for (int i = 0; i < 300; ++i) {
            const std::string name = "record/" + std::to_string(1000 + i);
            expected[name] = R"({"n":)" + std::to_string(i) + "}";
            put(store, name, expected[name], 1);
        }
        ASSERT_TRUE(store.write(1, true));
    }
    {
        Store store = Store::open(options_for(made)).value();
        for (int i = 0; i < 50; ++i) {
            const std::string name = "later/" + std::to_string(i);
            expected[name] = "true";
            put(store, name, "true", 2);
        }
        ASSERT_TRUE(store.write(2, true));
    }
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(made)) {
        const std::string name = entry.path().filename();
        if (entry.is_regular_file() && entry.file_size() > 0 && !name.starts_with("LOG")) {
            files.push_back(std::filesystem::relative(entry.path(), made));
        }
    }
    ASSERT_GE(files.size(), 4U);
    int opened = 0;
    for (unsigned seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const std::string data = directory / "damaged";
        std::filesystem::remove_all(data);
        std::filesystem::copy(made, data, std::filesystem::copy_options::recursive);
        const std::string path = data + "/" + files[seed % files.size()];
        std::string bytes = content_of(path);
        if (random() % 3 == 0) {
            bytes.resize(random() % bytes.size());
        } else {
            for (auto flips = random() % 8 + 1; flips > 0; --flips) {
                bytes[random() % bytes.size()] ^= static_cast<char>(1U << (random() % 8));
            }
        }
        std::ofstream(path, std::ios::binary) << bytes;
        const auto store = Store::open(options_for(data));
        if (!store) {
            EXPECT_FALSE(store.error().detail.empty());
            continue;
        }
        ++opened;
        const auto read = store->read(
            [&](const StoredRecord& record) -> Result<void> {
                const auto place = expected.find(std::string(record.name));
                if (place == expected.end()) {
                    ADD_FAILURE() << record.name << " was never written";
                } else {
                    EXPECT_EQ(to_json(Value::of(record.document)), place->second);
                }
                return {};
            },
            [](std::string_view, const std::string&) {});
        if (!read) {
            EXPECT_FALSE(read.error().detail.empty());
        }
    }
    EXPECT_GT(opened, 20);
}

}  // namespace
}  // namespace ringside::broker
