// cxx_host.cpp - the server in C++17: owned by an object, its handlers a static member function and
// a lambda, its clients std::threads. Both modes.
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <thrdsrv/server.h>

extern "C" {
#include "support/footprint.h"
#include "support/visitors.h"
}

// A server that runs as long as the object lives.
class Server
{
  public:
    explicit Server(thrdsrv_config config)
    {
        static const char *const listen[] = {"127.0.0.1:0"};
        config.listen = listen;
        config.listen_count = 1;
        config.log = thrdsrv_log_stderr;
        config.log_level = THRDSRV_LOG_WARN;
        thrdsrv_server *created = nullptr;
        check(thrdsrv_server_create(&config, &created));
        server_.reset(created);
        check(thrdsrv_server_start(created));
    }

    std::string address() const
    {
        char text[128];
        check(thrdsrv_server_address(server_.get(), 0, text, sizeof text));
        return text;
    }

    // Lets the running connections end. Returns how many there have been.
    std::uint64_t finish()
    {
        thrdsrv_server_quiesce(server_.get());
        check(thrdsrv_server_wait(server_.get()));
        thrdsrv_stats stats;
        thrdsrv_server_stats(server_.get(), &stats, sizeof stats);
        return stats.served;
    }

  private:
    struct Destroy {
        void operator()(thrdsrv_server *server) const
        {
            thrdsrv_server_destroy(server);
        }
    };

    static void check(int result)
    {
        if (result < 0)
            throw std::runtime_error(thrdsrv_strerror(result));
    }

    std::unique_ptr<thrdsrv_server, Destroy> server_;
};

// A service with a state of its own for each connection, and one that all share.
class Greeter
{
  public:
    static int serve(thrdsrv_conn *conn, void *user)
    {
        return static_cast<Greeter *>(user)->greet(*conn);
    }

    std::atomic<int> greeted{0};

  private:
    int greet(thrdsrv_conn &conn)
    {
        char name[100];
        while (thrdsrv_conn_read_line(&conn, name, sizeof name) >= 0) {
            greeted++;
            const std::string answer = std::string("Hello, ") + name + "!\n";
            if (const int error = thrdsrv_conn_write(&conn, answer.data(), answer.size()))
                return error;
        }
        return 0;
    }
};

// What visitors of either service say and hear.
struct Talk {
    std::string address, say, hear;

    static bool script(std::size_t, visit *visit, void *arg)
    {
        const Talk &talk = *static_cast<Talk *>(arg);
        visit->address = talk.address.c_str();
        visit->say_size = talk.say.copy(visit->say, sizeof visit->say);
        visit->hear_size = talk.hear.copy(visit->hear, sizeof visit->hear);
        return true;
    }
};

static constexpr std::size_t clients = 4, visits = 25;

// Some clients at once, each in a thread of its own. A wrong answer ends the program.
static void talk_in_threads(Talk talk)
{
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < clients; i++)
        threads.emplace_back([&talk] {
            visitors order{};
            order.count = visits;
            order.at_once = 2;
            order.script = Talk::script;
            order.arg = &talk;
            visitors_send(&order);
        });
    for (std::thread &thread : threads)
        thread.join();
}

static void expect(bool condition, const char *what)
{
    if (!condition)
        throw std::runtime_error(what);
}

static void serve_with_member(thrdsrv_mode mode)
{
    Greeter greeter;
    thrdsrv_config config = THRDSRV_CONFIG_INIT;
    config.serve = Greeter::serve;
    config.user = &greeter;
    config.mode = mode;
    Server server(config);
    talk_in_threads({server.address(), "Ada\r\nGrace\n", "Hello, Ada!\nHello, Grace!\n"});
    expect(server.finish() == clients * visits, "every client was served");
    // A child counts in memory of its own.
    expect(greeter.greeted == (mode == THRDSRV_MODE_FORK ? 0 : int{2 * clients * visits}),
           "and greeted");
}

static void serve_with_lambda(thrdsrv_mode mode)
{
    thrdsrv_config config = THRDSRV_CONFIG_INIT;
    config.serve = [](thrdsrv_conn *conn, void *) {
        return thrdsrv_conn_printf(conn, "%s\n", thrdsrv_version());
    };
    config.mode = mode;
    Server server(config);
    talk_in_threads({server.address(), "any\n", std::string(THRDSRV_VERSION) + "\n"});
    // Destroyed without having been stopped: that is the object's business.
}

int main()
try {
    const footprint before = footprint_now();
    for (const thrdsrv_mode mode : {THRDSRV_MODE_THREAD, THRDSRV_MODE_FORK}) {
        serve_with_member(mode);
        serve_with_lambda(mode);
    }
    footprint_wait(before);
    return 0;
} catch (const std::exception &error) {
    const std::string text = std::string("FAILED: ") + error.what() + "\n";
    return write(STDERR_FILENO, text.data(), text.size()) < 0 ? 2 : 1;
}
