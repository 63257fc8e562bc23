#include <fmt/format.h>

#include <array>
#include <fstream>

#include "bench/gateway/gateway.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::bench {

namespace {

constexpr std::string_view document = R"({"price":4200,"status":"free"})";

/// nginx with one process on core 0 that serves the document as a file.
class Nginx {
public:
    Nginx() : port_(free_port()), directory_(Scratch::here().directory("nginx")) {
        std::ofstream(directory_ + "/seat.json") << document;
        std::ofstream(directory_ + "/nginx.conf") << fmt::format(
            "daemon off; master_process off; pid {0}/pid; error_log {0}/errors;\n"
            "events {{ worker_connections 1024; }}\n"
            "http {{ access_log off; sendfile on; keepalive_requests 1000000000;\n"
            "  client_body_temp_path {0}/1; proxy_temp_path {0}/2; fastcgi_temp_path {0}/3;\n"
            "  uwsgi_temp_path {0}/4; scgi_temp_path {0}/5;\n"
            "  types {{ application/json json; }}\n"
            "  server {{ listen 127.0.0.1:{1}; root {0}; }} }}\n",
            directory_, port_);
        child_.emplace([&] {
            pin_to(0);
            become(built::nginx, {"nginx", "-p", directory_, "-c", directory_ + "/nginx.conf"});
        });
        await_listener(port_);
    }
    [[nodiscard]] std::string url() const {
        return fmt::format("http://127.0.0.1:{}/seat.json", port_);
    }

private:
    std::uint16_t port_;
    std::string directory_;
    std::optional<Child> child_;
};

/// Measures requests per second, with wrk on core 1 and 64 connections.
double load(const std::string& url, int seconds, const std::string& script = {}) {
    pin_to(1);  // inherited by wrk
    const std::string command = fmt::format("{} -t1 -c64 -d{}s {} {}", built::wrk, seconds,
                                            script.empty() ? "" : "-s " + script, url);
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot start wrk");
    std::array<char, 4096> line{};
    double rate = 0;
    bool has_failed = false;
    while (fgets(line.data(), line.size(), pipe) != nullptr) {
        const std::string_view text(line.data());
        if (text.starts_with("Requests/sec:")) rate = std::stod(std::string(text.substr(13)));
        if (text.find("Non-2xx") != std::string_view::npos) has_failed = true;
    }
    if (pclose(pipe) != 0 || rate == 0) throw std::runtime_error("wrk failed");
    if (has_failed) throw std::runtime_error("requests failed");
    return rate;
}

}  // namespace

void measure_load(Report& report, const GatewayScale& scale) {
    const Broker broker("256MiB", {"--spin-us", "0"});
    Client::attach({.grid = broker.grid()}).value().put("event/42/seat/A12", document).value();
    const GatewayProcess gateway(broker, 0);
    const Nginx nginx;
    const std::string url =
        fmt::format("http://127.0.0.1:{}/v1/records/event%2F42%2Fseat%2FA12", gateway.port());
    const std::string script = Scratch::here().directory("wrk") + "/put.lua";
    std::ofstream(script) << "wrk.method = 'PUT'\nwrk.body = '" << document << "'\n";
    // Times per request, so that lower is better, as everywhere in the report.
    std::vector<double> files;
    std::vector<double> gets;
    std::vector<double> puts;
    for (int i = 0; i < scale.rounds; ++i) {
        files.push_back(1e6 / load(nginx.url(), scale.seconds));
        gets.push_back(1e6 / load(url, scale.seconds));
        puts.push_back(1e6 / load(url, scale.seconds, script));
    }
    unpin();
    report.ratio("`GET` of a record, 64 connections", gets, "us", files,
                 "nginx, a file of that size, on the same core", 1 / 0.7);
    report.ratio("`PUT`, acknowledged, 64 connections", puts, "us", gets, "the `GET`s", 2);
}

}  // namespace ringside::bench
