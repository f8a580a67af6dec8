/* eu-status-quo by hand: one world at a time, plain loops, its rules fixed.

   States apply, experts rank, labs write letters, the board votes, in waves; sites are procured, built, run and read
   against the frontier; labs ask each year whether to stay; a planner with the same luck prices the politics. All of
   it follows from the data, the parameters and the luck that are handed in. The numbers of states, sites, labs,
   machines and waves are known as this is compiled. */

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define HORIZONS 6 /* years ahead, from the second on, over which a plan is judged */
#define MENU 12    /* most sites that the planner weighs */
#define ISLANDS 7  /* 1, 2, 4, ... 64 parts of a site */
#define TABLES (1 + WAVES) /* dates at which plans are judged: the announcement and the waves */
#define NEVER ((int64_t)1 << 40)

#define PARAMETERS(X) \
    X(mfu_reference) X(mfu_decay) X(run_days) X(run_share) X(interruptions) X(checkpoint_s) X(hardware_failures) \
    X(node_accelerators) X(spares) X(site_outages) X(outage_hours) X(replica_penalty) X(inner_steps) X(chip_peak) \
    X(chip_peak_growth) X(chip_price_eur) X(chip_price_growth) X(chip_power_kw) X(chip_power_growth) X(pue_base) \
    X(pue_slope) X(headroom_scale) X(build_exponent) X(build_cv) X(grid_years) X(frontier_anchor) X(frontier_growth) \
    X(algorithm_growth) X(algorithm_delay) X(envelope_eur_bn) X(smallest_eur_bn) X(ceiling_eur_bn) \
    X(first_trophy_eur_bn) X(further_trophies) X(host_cost_eur_bn) X(local_value) X(local_scale) \
    X(local_size_exponent) X(ambition_sd) X(race_value_eur_bn) X(race_curvature) X(race_weight) X(open_value_eur_bn) \
    X(open_scale) X(match_share_of_gdp) X(dissent_cost_eur_bn) X(reservation_noise) X(dossier_centre_months) \
    X(dossier_new_months) X(dossier_sd) X(panel_noise) X(panel_threshold) X(panel_experience) X(panel_conditions) \
    X(panel_support) X(cancellation) X(cloud_price_eur_year) X(access_share) X(access_years) X(home_value) \
    X(wait_discount) X(host_bargaining_power) X(exit_cost) X(restart_h) X(person_share) X(staffed_hours) \
    X(staffed_days) X(sign_off_h) X(repair_h) X(mfu_factor) X(build_factor) X(overpricing) X(lost_purchases_a_year) \
    X(scandal_a_year) X(found_after_years) X(award_years) X(award_cv) X(build_years) X(refresh) \
    X(litigation_hazard) X(tender_failure) X(union_share) X(sunk)

#define WORLD_COLUMNS(X) \
    X(sites) X(hosts) X(two_site_states) X(spend_eur_bn) X(unspent_eur_bn) X(aggregate_accelerators) \
    X(h100_equivalents) X(largest_site_accelerators) X(largest_run_flop) X(frontier_flop) X(years_behind) \
    X(capability_lag_years) X(price_of_politics) X(hhi_spend) X(first_operation) X(rounds) X(exited_labs) \
    X(welfare_eur_bn)

#define STATE_COLUMNS(X) \
    X(sites) X(first_wave) X(accelerators) X(received_eur_bn) X(paid_eur_bn) X(private_eur_bn) X(yes_votes) \
    X(no_votes)

#define FACILITY_COLUMNS(X) \
    X(world) X(site) X(selected) X(contracted) X(operational) X(accelerators) X(power_mw) X(spend_eur_bn)

#define STEPS(X) X(start) X(bargain) X(quarters) X(planner) X(outcomes)

#define NAME(x) #x " "
#define FIELD(x) double x;
#define WORLD_PLACE(x) world_##x,
#define STATE_PLACE(x) state_##x,
#define FACILITY_PLACE(x) facility_##x,
#define STEP_PLACE(x) step_##x,
enum { WORLD_COLUMNS(WORLD_PLACE) WORLD_COUNT };
enum { STATE_COLUMNS(STATE_PLACE) STATE_COUNT };
enum { FACILITY_COLUMNS(FACILITY_PLACE) FACILITY_COUNT };
enum { STEPS(STEP_PLACE) STEP_COUNT };

const char *parameter_names(void) { return PARAMETERS(NAME); }
const char *world_names(void) { return WORLD_COLUMNS(NAME); }
const char *state_names(void) { return STATE_COLUMNS(NAME); }
const char *facility_names(void) { return FACILITY_COLUMNS(NAME); }
const char *step_names(void) { return STEPS(NAME); }

typedef struct { PARAMETERS(FIELD) } Parameters;

/* The union, as it is handed in. Quarters count from year 0, dates are decimal years. */
typedef struct {
    int64_t first, last, announced, assessed;
    const int64_t *decides;
    const double *deadlines;
    const double *population, *gdp, *gni;
    const int64_t *site_state, *centre, *industrial;
    const double *headroom, *power_price, *temperature, *specialists;
    const int64_t *lab_home, *company;
    const double *capital, *lab_accelerators;
    const int64_t *machine_site;
    const double *machine_date, *machine_chips, *machine_peak;
} Union;

/* Uniform numbers by world, each channel an array of (worlds, slots). */
typedef struct {
    const double *ambition, *reservation, *place;
    const double *award, *again, *court, *tender, *build, *cancel;
    const double *const *dossier; /* by bids written */
    const double *const *panel;   /* by wave */
    const double *const *scandal; /* by year from the first on */
} Luck;

/* What follows from the union alone. */
typedef struct {
    double wealth[STATES], people[STATES], key[STATES], relative_gdp[STATES], mean_gdp, everyone;
    double conditions[SITES], capital;
    int64_t heads_needed;
    double people_needed;
    int by_date[MACHINES];
    signed char main[MACHINES + 1][SITES]; /* the strongest of the first machines at each site, -1 for none */
} Facts;

/* How a plan is judged at one date. */
typedef struct {
    double year, bought, price, peak, kw, chips_a_bn;
    double cap[SITES], frontier[HORIZONS], old[HORIZONS];
} Outlook;

/* What follows from the parameters. */
typedef struct {
    Parameters p;
    double kept, downtime, in_service, up, replicas[ISLANDS], root[ISLANDS], flop;
    double pue[SITES], merit[SITES], scale[STATES], trophy[MOST + 1];
    double award_sd, award_shift, build_sd, build_shift;
    double outside[LABS], hired[LABS];
    double machine_rate[MACHINES];
    Outlook at[TABLES];
    double planned[SITES]; /* by the planner, EUR bn */
} Setup;

/* A facility: a site that has been selected. */
typedef struct {
    int site, cancelled;
    int64_t selected, wave, contracted, ready;
    double planned, pledged, expected, chips, peak, spend, power_mw, rate;
} Facility;

/* ndtri after Cephes (Moshier), the approximation that SciPy uses. */
static double polynomial(double x, const double *c, int n) {
    double y = c[0];
    for (int k = 1; k <= n; k++) y = y * x + c[k];
    return y;
}

static double monic(double x, const double *c, int n) {
    double y = x + c[0];
    for (int k = 1; k < n; k++) y = y * x + c[k];
    return y;
}

static double normal(double u) {
    static const double P0[] = {-5.99633501014107895267E1, 9.80010754185999661536E1, -5.66762857469070293439E1,
                                1.39312609387279679503E1, -1.23916583867381258016E0};
    static const double Q0[] = {1.95448858338141759834E0, 4.67627912898881538453E0, 8.63602421390890590575E1,
                                -2.25462687854119370527E2, 2.00260212380060660359E2, -8.20372256168333339912E1,
                                1.59056225126211695515E1, -1.18331621121330003142E0};
    static const double P1[] = {4.05544892305962419923E0, 3.15251094599893866154E1, 5.71628192246421288162E1,
                                4.40805073893200834700E1, 1.46849561928858024014E1, 2.18663306850790267539E0,
                                -1.40256079171354495875E-1, -3.50424626827848203418E-2, -8.57456785154685413611E-4};
    static const double Q1[] = {1.57799883256466749731E1, 4.53907635128879210584E1, 4.13172038254672030440E1,
                                1.50425385692907503408E1, 2.50464946208309415979E0, -1.42182922854787788574E-1,
                                -3.80806407691578277194E-2, -9.33259480895457427372E-4};
    static const double P2[] = {3.23774891776946035970E0, 6.91522889068984211695E0, 3.93881025292474443415E0,
                                1.33303460815807542389E0, 2.01485389549179081538E-1, 1.23716634817820021358E-2,
                                3.01581553508235416007E-4, 2.65806974686737550832E-6, 6.23974539184983293730E-9};
    static const double Q2[] = {6.02427039364742014255E0, 3.67983563856160859403E0, 1.37702099489081330271E0,
                                2.16236993594496635890E-1, 1.34204006088543189037E-2, 3.28014464682127739104E-4,
                                2.89247864745380683936E-6, 6.79019408009981274425E-9};
    static const double edge = 0.13533528323661269189; /* exp(-2) */
    int upper = u > 1 - edge;
    double y = upper ? 1 - u : u;
    if (y > edge) {
        y -= 0.5;
        double square = y * y;
        return (y + y * (square * polynomial(square, P0, 4) / monic(square, Q0, 8))) * 2.50662827463100050242;
    }
    double x = sqrt(-2 * log(y)), z = 1 / x;
    double tail = x < 8 ? z * polynomial(z, P1, 8) / monic(z, Q1, 8) : z * polynomial(z, P2, 8) / monic(z, Q2, 8);
    x = x - log(x) / x - tail;
    return upper ? x : -x;
}

static double least(double a, double b) { return a < b ? a : b; }
static double most(double a, double b) { return a > b ? a : b; }
static double year_of(int64_t quarter) { return quarter / 4.0 + 0.125; }

/* -- what follows from the union ---------------------------------------------------------------------------------- */

static void standardise(const double *x, double sign, double *into) {
    double mean = 0, variance = 0;
    for (int j = 0; j < SITES; j++) mean += x[j];
    mean /= SITES;
    for (int j = 0; j < SITES; j++) variance += (x[j] - mean) * (x[j] - mean);
    double sd = sqrt(variance / SITES);
    for (int j = 0; j < SITES; j++) into[j] += sd > 0 ? sign * (x[j] - mean) / sd : 0;
}

static void know(Facts *f, const Union *u) {
    double gdp = 0, gni = 0;
    memset(f, 0, sizeof *f);
    for (int i = 0; i < STATES; i++) {
        gdp += u->gdp[i];
        gni += u->gni[i];
        f->everyone += u->population[i];
    }
    f->mean_gdp = gdp / STATES;
    for (int i = 0; i < STATES; i++) {
        f->wealth[i] = u->gdp[i] / gdp;
        f->people[i] = u->population[i] / f->everyone;
        f->key[i] = u->gni[i] / gni;
        f->relative_gdp[i] = u->gdp[i] / f->mean_gdp;
    }
    f->heads_needed = (55 * STATES + 99) / 100;
    f->people_needed = (double)((65 * (int64_t)f->everyone + 99) / 100);
    standardise(u->specialists, 1, f->conditions);
    standardise(u->power_price, -1, f->conditions);
    standardise(u->temperature, -1, f->conditions);
    for (int l = 0; l < LABS; l++)
        if (u->lab_home[l] >= 0) f->capital += u->capital[l];
    for (int m = 0; m < MACHINES; m++) {
        int at = m;
        for (; at > 0 && u->machine_date[f->by_date[at - 1]] > u->machine_date[m]; at--)
            f->by_date[at] = f->by_date[at - 1];
        f->by_date[at] = m;
    }
    memset(f->main[0], -1, SITES);
    for (int c = 0; c < MACHINES; c++) {
        int m = f->by_date[c], j = (int)u->machine_site[m];
        memcpy(f->main[c + 1], f->main[c], SITES);
        int now = f->main[c][j];
        if (now < 0 || u->machine_chips[m] * u->machine_peak[m] > u->machine_chips[now] * u->machine_peak[now])
            f->main[c + 1][j] = (signed char)m;
    }
}

static int machines_by(const Union *u, double year) {
    int count = 0;
    for (int m = 0; m < MACHINES; m++) count += u->machine_date[m] <= year;
    return count;
}

/* -- delivery ----------------------------------------------------------------------------------------------------- */

/* FLOP/s of a site alone, free to split itself into islands. */
static double rate_of(const Setup *s, double chips, double peak) {
    if (chips <= 0) return 0;
    const Parameters *p = &s->p;
    double mfu = p->mfu_reference * pow(most(chips, 1) / 16384, -p->mfu_decay);
    double whole = chips * peak * s->in_service * p->mfu_factor * mfu * s->up;
    double failures = p->interruptions * chips;
    double checkpoints = sqrt(p->checkpoint_s / 7200 * failures), waiting = s->downtime * failures, best = 0;
    for (int k = 0; k < ISLANDS; k++) {
        double checkpoint = 1 + checkpoints / s->root[k];
        best = most(best, whole / (checkpoint * (checkpoint + waiting / (1 << k))) * s->replicas[k]);
    }
    return best;
}

static double planned_years(const Setup *s, double mw) {
    const Parameters *p = &s->p;
    return p->award_years + p->build_years * pow(most(mw, 1e-9) / 100, p->build_exponent) * p->build_factor +
           p->grid_years;
}

static Facility deliver(const Setup *s, const Union *u, const Luck *luck, int64_t world, const Outlook *o,
                        int64_t now, int j, double plan, double failing) {
    const Parameters *p = &s->p;
    int64_t here = world * SITES + j;
    Facility f = {.site = j, .selected = now, .planned = plan};
    double award = p->award_years * exp(s->award_sd * normal(luck->award[here]) - s->award_shift);
    if (luck->tender[here] < p->tender_failure)
        award += p->award_years * exp(s->award_sd * normal(luck->again[here]) - s->award_shift);
    if (luck->court[here] < p->litigation_hazard)
        award += least(floor(4 * (luck->court[here] / p->litigation_hazard)) + 1, 4) / 4;
    f.cancelled = luck->cancel[here] < failing;
    f.contracted = now + (int64_t)most(rint(4 * award), 1);
    double headroom = u->headroom[j] * p->headroom_scale * 1e3;
    double sketch = least(plan * o->chips_a_bn, headroom / (o->kw * s->pue[j]));
    double mw = most(sketch * o->kw * s->pue[j] / 1e3, 1e-3);
    double mean = p->build_years * pow(mw / 100, p->build_exponent) * p->build_factor;
    double building = mean * exp(s->build_sd * normal(luck->build[here]) - s->build_shift) + p->grid_years;
    double since = o->year + award + building, bought = o->year + p->refresh * (since - o->year);
    double price = p->chip_price_eur * pow(p->chip_price_growth, bought - 2024.9);
    double kw = p->chip_power_kw * pow(p->chip_power_growth, bought - 2022.8);
    double wanted = plan * 1e9 * s->kept / price, carried = headroom / (kw * s->pue[j]);
    f.ready = (int64_t)floor(4 * since);
    if (f.ready < f.contracted + 1) f.ready = f.contracted + 1;
    f.expected = o->year + p->award_years + mean + p->grid_years;
    f.chips = least(wanted, carried);
    f.peak = p->chip_peak * pow(p->chip_peak_growth, bought - 2022.8);
    f.spend = wanted > carried ? f.chips * price / (1e9 * s->kept) : plan;
    f.power_mw = f.chips * kw * s->pue[j] / 1e3;
    f.rate = rate_of(s, f.chips, f.peak);
    return f;
}

static int live(const Facility *f, int64_t now) { return !(f->cancelled && f->contracted <= now); }

/* Whether a facility works in a quarter: it is ready, and no scandal has stopped it. */
static int works(const Setup *s, const Union *u, const Luck *luck, int64_t world, const Facility *f, int64_t now) {
    if (f->cancelled || f->ready > now) return 0;
    double x = luck->scandal[now / 4 - u->first / 4][world * SITES + f->site], hazard = s->p.scandal_a_year;
    return !(x < hazard && (int64_t)floor(4 * x / hazard) == now % 4);
}

/* FLOP/s of the best single run of what works in a quarter: at each site its stronger machine, the new or the old. */
static double best_rate(const Setup *s, const Union *u, const Facts *facts, const Luck *luck, int64_t world,
                        const Facility *f, int count, int64_t now) {
    const signed char *main = facts->main[machines_by(u, year_of(now))];
    char newer[SITES] = {0};
    double best = 0;
    for (int k = 0; k < count; k++) {
        if (!works(s, u, luck, world, &f[k], now)) continue;
        int m = main[f[k].site];
        if (m >= 0 && f[k].chips * f[k].peak < u->machine_chips[m] * u->machine_peak[m]) continue;
        newer[f[k].site] = 1;
        best = most(best, f[k].rate);
    }
    for (int m = 0; m < MACHINES; m++) {
        int j = (int)u->machine_site[m];
        if (main[j] == m && !newer[j]) best = most(best, s->machine_rate[m]);
    }
    return best;
}

/* -- what plans are expected to become ------------------------------------------------------------------------------ */

static double race(const Parameters *p, double share) {
    double k = pow(share, p->race_curvature);
    return p->race_value_eur_bn * k / (1 + k);
}

/* The race of the coming years, EUR bn, given each site's own rate and when it is ready. */
static double prospect(const Setup *s, const Outlook *o, const double *ready, const double *rate, int count,
                       double *base) {
    double worth = 0;
    for (int h = 0; h < HORIZONS; h++) {
        double best = o->old[h];
        for (int k = 0; k < count; k++)
            if (ready[k] <= o->year + 2 + h) best = most(best, rate[k]);
        if (base) base[h] = best;
        worth += race(&s->p, best * s->flop / o->frontier[h]);
    }
    return worth / HORIZONS;
}

static double ready_at(const Setup *s, const Outlook *o, int j, double plan) {
    return o->year + planned_years(s, plan * o->chips_a_bn * o->kw * s->pue[j] / 1e3);
}

static void look_ahead(Setup *s, const Union *u, const Facts *facts, Outlook *o, int64_t now) {
    const Parameters *p = &s->p;
    o->year = year_of(now);
    o->bought = o->year + p->refresh * planned_years(s, 30);
    o->price = p->chip_price_eur * pow(p->chip_price_growth, o->bought - 2024.9);
    o->peak = p->chip_peak * pow(p->chip_peak_growth, o->bought - 2022.8);
    o->kw = p->chip_power_kw * pow(p->chip_power_growth, o->bought - 2022.8);
    o->chips_a_bn = 1e9 * s->kept / o->price;
    for (int j = 0; j < SITES; j++) {
        double carried = u->headroom[j] * p->headroom_scale * 1e3 / (o->kw * s->pue[j]);
        o->cap[j] = carried * o->price / (1e9 * s->kept);
    }
    for (int h = 0; h < HORIZONS; h++) {
        double then = o->year + 2 + h;
        const signed char *main = facts->main[machines_by(u, then)];
        o->frontier[h] = p->frontier_anchor * pow(p->frontier_growth, then - 2025.5);
        o->old[h] = 0;
        for (int m = 0; m < MACHINES; m++)
            if (main[u->machine_site[m]] == m) o->old[h] = most(o->old[h], s->machine_rate[m]);
    }
}

/* -- the planner ----------------------------------------------------------------------------------------------------- */

/* The envelope over the `count` best-placed sites, each up to its power. */
static void largest(const Setup *s, const Outlook *o, int count, int *chosen, double *plan) {
    double share = s->p.envelope_eur_bn / count;
    char taken[SITES] = {0};
    for (int k = 0; k < count; k++) {
        int best = -1;
        double top = 0;
        for (int j = 0; j < SITES; j++) {
            double money = o->cap[j] >= s->p.smallest_eur_bn ? least(o->cap[j], share) : 0;
            if (taken[j]) continue;
            if (best < 0 || money > top || (money == top && s->merit[j] > s->merit[best])) best = j, top = money;
        }
        taken[best] = 1;
        chosen[k] = best;
        plan[k] = 0;
    }
    for (int pour = 0; pour < 3; pour++) {
        double spent = 0;
        int open = 0;
        for (int k = 0; k < count; k++) {
            spent += plan[k];
            open += plan[k] < o->cap[chosen[k]] && o->cap[chosen[k]] >= s->p.smallest_eur_bn;
        }
        double more = most(s->p.envelope_eur_bn - spent, 0) / (open ? open : 1);
        for (int k = 0; k < count; k++) {
            double cap = o->cap[chosen[k]];
            if (plan[k] < cap && cap >= s->p.smallest_eur_bn) plan[k] = least(plan[k] + more, cap);
        }
    }
    for (int k = 0; k < count; k++)
        if (plan[k] < s->p.smallest_eur_bn) plan[k] = 0;
}

static void plan_all(Setup *s) {
    const Outlook *o = &s->at[0];
    double top = -INFINITY;
    for (int count = 1; count <= MENU; count++) {
        int chosen[MENU];
        double plan[MENU], ready[MENU], rate[MENU];
        largest(s, o, count, chosen, plan);
        for (int k = 0; k < count; k++) {
            ready[k] = plan[k] > 0 ? ready_at(s, o, chosen[k], plan[k]) : INFINITY;
            rate[k] = rate_of(s, plan[k] * o->chips_a_bn, o->peak);
        }
        double worth = prospect(s, o, ready, rate, count, 0);
        if (worth > top) {
            top = worth;
            memset(s->planned, 0, sizeof s->planned);
            for (int k = 0; k < count; k++) s->planned[chosen[k]] = plan[k];
        }
    }
}

/* FLOP/s of the planner's best run at the assessment. */
static double planners_rate(const Setup *s, const Union *u, const Facts *facts, const Luck *luck, int64_t world) {
    Facility f[MENU];
    int count = 0;
    for (int j = 0; j < SITES; j++)
        if (s->planned[j] > 0)
            f[count++] = deliver(s, u, luck, world, &s->at[0], u->announced, j, s->planned[j], 0);
    return best_rate(s, u, facts, luck, world, f, count, u->assessed);
}

/* -- what follows from the parameters -------------------------------------------------------------------------------- */

static void set_up(Setup *s, const Union *u, const Facts *facts, const Parameters *given) {
    s->p = *given;
    const Parameters *p = &s->p;
    double night = 24 - p->staffed_hours, weekend = night + 24 * (7 - p->staffed_days);
    double wait = ((p->staffed_days - 1) * night * night + weekend * weekend) / 2 / 168 + p->sign_off_h;
    s->kept = (1 - p->overpricing) * exp(p->found_after_years * log1p(-p->lost_purchases_a_year));
    s->downtime = (1 - p->person_share) * p->restart_h + p->person_share * wait;
    double out = p->hardware_failures * p->node_accelerators * p->repair_h / 8766;
    double bend = 400 * (out / (1 + out) - p->spares);
    s->in_service = 1 - (most(bend, 0) + log1p(exp(-fabs(bend)))) / 400;
    s->up = 1 / (1 + p->site_outages * p->outage_hours / 8766);
    double penalty = p->replica_penalty * log(p->inner_steps) / log(30);
    for (int k = 0; k < ISLANDS; k++) {
        s->root[k] = sqrt(1 << k);
        s->replicas[k] = exp(-penalty * log(1 << k));
    }
    s->flop = p->run_days * 86400 * p->run_share;
    double variance = log1p(p->award_cv * p->award_cv);
    s->award_sd = sqrt(variance), s->award_shift = variance / 2;
    variance = log1p(p->build_cv * p->build_cv);
    s->build_sd = sqrt(variance), s->build_shift = variance / 2;
    for (int j = 0; j < SITES; j++) {
        s->pue[j] = p->pue_base + p->pue_slope * most(u->temperature[j] - 5, 0);
        s->merit[j] = p->panel_experience * (u->centre[j] - 0.5) + p->panel_conditions * facts->conditions[j];
    }
    for (int i = 0; i < STATES; i++)
        s->scale[i] = p->local_scale * facts->mean_gdp * pow(facts->relative_gdp[i], p->local_size_exponent);
    for (int n = 0; n <= MOST; n++)
        s->trophy[n] = p->first_trophy_eur_bn * (1 - pow(p->further_trophies, n)) / (1 - p->further_trophies) -
                       p->host_cost_eur_bn * n;
    for (int l = 0; l < LABS; l++) {
        s->outside[l] = log(most(u->lab_accelerators[l], 100));
        double hired = u->capital[l] * 1e9 / p->cloud_price_eur_year;
        s->hired[l] = log(most(most(u->lab_accelerators[l], hired), 100));
    }
    for (int m = 0; m < MACHINES; m++) s->machine_rate[m] = rate_of(s, u->machine_chips[m], u->machine_peak[m]);
    look_ahead(s, u, facts, &s->at[0], u->announced);
    for (int k = 0; k < WAVES; k++) look_ahead(s, u, facts, &s->at[1 + k], u->decides[k]);
}

/* -- one world ------------------------------------------------------------------------------------------------------- */

typedef struct {
    double scale[STATES], resolve[STATES];
    int bids[STATES], yes[STATES], no[STATES], exited[LABS];
    double envelope;
    int rounds, count, at[SITES]; /* the facility at each site, -1 for none */
    Facility f[SITES];
} World;

static double local_good(const Setup *s, const World *w, int i, double received) {
    return received > 0 ? s->p.local_value * w->scale[i] * log1p(received / w->scale[i]) : 0;
}

static double adds_up(const Parameters *p, double accelerators) {
    return p->open_value_eur_bn * log1p(accelerators / p->open_scale);
}

/* What states pay for money by host and labs' letters there. */
static void bill(const Setup *s, const Facts *facts, const double *spend, const double *pledged, double *paid) {
    double host = 1 - s->p.union_share, together = 0;
    for (int i = 0; i < STATES; i++) {
        paid[i] = most(host * spend[i] - pledged[i], 0);
        together += s->p.union_share * spend[i] - (pledged[i] - (host * spend[i] - paid[i]));
    }
    for (int i = 0; i < STATES; i++) paid[i] += facts->key[i] * together;
}

/* Each state's best free site by merit and then by lot, -1 for none. */
static void best_sites(const Setup *s, const Union *u, const World *w, const Outlook *o, const double *lot,
                       int *best) {
    for (int i = 0; i < STATES; i++) best[i] = -1;
    for (int j = 0; j < SITES; j++) {
        int i = (int)u->site_state[j], b = best[i];
        if (u->industrial[j] || w->at[j] >= 0 || o->cap[j] < s->p.smallest_eur_bn) continue;
        if (b < 0 || s->merit[j] > s->merit[b] || (s->merit[j] == s->merit[b] && lot[j] > lot[b])) best[i] = j;
    }
}

/* Labs' money by site, EUR bn, for the sites that were asked for. */
static void letters(const Setup *s, const Union *u, const Outlook *o, const double *asked, double *money) {
    const Parameters *p = &s->p;
    int site[STATES], count = 0;
    double gain[STATES], wait[STATES], chips[STATES];
    for (int j = 0; j < SITES; j++) {
        if (asked[j] <= 0) continue;
        double n = asked[j] * o->chips_a_bn, failures = p->interruptions * n;
        double checkpoint = 1 + sqrt(p->checkpoint_s / 7200 * failures);
        double goodput = 1 / (checkpoint * (checkpoint + s->downtime * failures));
        site[count] = j;
        chips[count] = n;
        wait[count] = ready_at(s, o, j, asked[j]) - o->year;
        gain[count] = log(p->access_share * n * s->in_service * p->mfu_factor * goodput) -
                      p->wait_discount * wait[count];
        count++;
    }
    for (int l = 0; l < LABS; l++) {
        int best = -1;
        double top = 0;
        for (int k = 0; k < count; k++) {
            double home = u->site_state[site[k]] == u->lab_home[l] ? p->home_value : -p->home_value;
            double advantage = gain[k] - s->outside[l] + home;
            if (advantage > top) best = k, top = advantage;
        }
        if (best < 0) continue;
        double access = p->access_share * chips[best] * p->access_years * p->cloud_price_eur_year * 1e-9 *
                        exp(-p->wait_discount * wait[best]);
        money[site[best]] +=
            least(p->host_bargaining_power * -expm1(-top) * access, u->capital[l] * p->access_years);
    }
}

static void hold_wave(const Setup *s, const Union *u, const Facts *facts, const Luck *luck, int64_t world, World *w,
                      int wave) {
    const Parameters *p = &s->p;
    const Outlook *o = &s->at[1 + wave];
    int64_t now = u->decides[wave];
    w->rounds++;

    /* what stands */
    int hosted[STATES] = {0}, there = 0;
    double received[STATES] = {0}, letters_so_far[STATES] = {0}, paid[STATES], accelerators = 0;
    double ready[2 * SITES], rate[2 * SITES], base[HORIZONS];
    for (int k = 0; k < w->count; k++) {
        const Facility *f = &w->f[k];
        if (!live(f, now)) continue;
        int i = (int)u->site_state[f->site];
        hosted[i]++;
        received[i] += f->planned;
        letters_so_far[i] += f->pledged;
        accelerators += f->chips;
        ready[there] = f->expected;
        rate[there++] = f->rate;
    }
    bill(s, facts, received, letters_so_far, paid);
    double left = 0;
    for (int l = 0; l < LABS; l++)
        if (w->exited[l] && u->lab_home[l] >= 0) left += u->capital[l];
    double stayed = 1 - p->exit_cost * (left / most(facts->capital, 1e-300));
    double standing_race = prospect(s, o, ready, rate, there, base) * stayed;
    double standing_open = adds_up(p, accelerators);
    double without[STATES];
    for (int i = 0; i < STATES; i++)
        without[i] = s->trophy[hosted[i]] + local_good(s, w, i, received[i]) +
                     p->race_weight * facts->wealth[i] * standing_race + facts->people[i] * standing_open - paid[i];

    /* states apply */
    int best[STATES];
    double asked[SITES] = {0}, months = (u->deadlines[wave] - u->announced / 4.0) * 12;
    double host = 1 - p->union_share;
    best_sites(s, u, w, o, luck->place + world * SITES, best);
    for (int i = 0; i < STATES; i++) {
        int j = best[i];
        if (j < 0) continue;
        double own_cost = most(host + p->union_share * facts->key[i] * (1 - p->sunk), 1e-3);
        double match = host > 0 ? (p->match_share_of_gdp * u->gdp[i] - host * received[i]) / most(host, 1e-12) : INFINITY;
        double room = least(most(least(o->cap[j], match), 0), p->ceiling_eur_bn);
        if (room < p->smallest_eur_bn || w->envelope < p->smallest_eur_bn) continue;
        double median = u->centre[j] ? p->dossier_centre_months : p->dossier_new_months;
        double mine = normal(luck->dossier[w->bids[i]][world * STATES + i]);
        if (median * exp(p->dossier_sd * mine) > months) continue;
        double size = w->scale[i] * (p->local_value / own_cost - 1) - received[i];
        size = least(most(size, p->smallest_eur_bn), room);
        double chips = size * o->chips_a_bn, own = rate_of(s, chips, o->peak), worth = 0;
        double opens = ready_at(s, o, j, size);
        for (int h = 0; h < HORIZONS; h++) {
            double run = opens <= o->year + 2 + h ? most(base[h], own) : base[h];
            worth += race(p, run * s->flop / o->frontier[h]);
        }
        double with = s->trophy[hosted[i] + 1] + local_good(s, w, i, received[i] + size) +
                      p->race_weight * facts->wealth[i] * (worth / HORIZONS * stayed) +
                      facts->people[i] * adds_up(p, accelerators + chips) - (paid[i] + own_cost * size);
        if (with <= without[i]) continue;
        asked[j] = least(size, w->envelope);
    }

    /* experts rank, and what fits the money is listed */
    double money[SITES] = {0}, score[STATES], plan[SITES] = {0};
    int ranked[STATES], passed_panel = 0, listed = 0;
    letters(s, u, o, asked, money);
    for (int j = 0; j < SITES; j++) {
        if (asked[j] <= 0) continue;
        money[j] = least(money[j], asked[j]);
        double mine = s->merit[j] + p->panel_support * log2(1 + money[j] / asked[j]) +
                      p->panel_noise * normal(luck->panel[wave][world * SITES + j]);
        if (mine < p->panel_threshold) continue;
        int at = passed_panel++;
        for (; at > 0 && score[at - 1] < mine; at--) score[at] = score[at - 1], ranked[at] = ranked[at - 1];
        score[at] = mine, ranked[at] = j;
    }
    double free_money = w->envelope, spent = 0;
    for (int k = 0; k < passed_panel; k++)
        if (asked[ranked[k]] <= free_money) {
            free_money -= asked[ranked[k]];
            plan[ranked[k]] = asked[ranked[k]];
            spent += asked[ranked[k]];
            listed++;
        }
    if (!listed) return;

    /* the board votes */
    double given[STATES] = {0}, pledged[STATES] = {0}, owed[STATES];
    int more[STATES] = {0};
    double then_accelerators = accelerators;
    for (int j = 0; j < SITES; j++) {
        if (plan[j] <= 0) continue;
        int i = (int)u->site_state[j];
        more[i]++;
        given[i] += plan[j];
        pledged[i] += money[j];
        then_accelerators += plan[j] * o->chips_a_bn;
        ready[there] = ready_at(s, o, j, plan[j]);
        rate[there++] = rate_of(s, plan[j] * o->chips_a_bn, o->peak);
    }
    bill(s, facts, given, pledged, owed);
    double then_race = prospect(s, o, ready, rate, there, 0) * stayed, then_open = adds_up(p, then_accelerators);
    double offered[STATES], failed[STATES], stake = 0, welfare = 0, in_favour = 0;
    for (int i = 0; i < STATES; i++) {
        offered[i] = s->trophy[hosted[i] + more[i]] + local_good(s, w, i, received[i] + given[i]) +
                     p->race_weight * facts->wealth[i] * then_race + facts->people[i] * then_open -
                     (paid[i] + owed[i]);
        failed[i] = without[i] - facts->key[i] * (p->union_share * p->sunk * spent);
        stake += fabs(offered[i] - failed[i]);
        welfare += offered[i] - failed[i];
    }
    int heads = 0, union_yes = welfare >= 0;
    for (int i = 0; i < STATES; i++) {
        double reservation = failed[i] + p->reservation_noise * w->resolve[i] * (stake / STATES);
        int yes = offered[i] >= reservation - p->dissent_cost_eur_bn;
        heads += yes;
        in_favour += yes ? u->population[i] : 0;
        w->yes[i] += yes;
        w->no[i] += !yes;
    }
    if (!union_yes || heads < facts->heads_needed || in_favour < facts->people_needed) {
        w->envelope -= p->sunk * p->union_share * spent;
        return;
    }

    /* what passes is contracted and built */
    for (int j = 0; j < SITES; j++) {
        if (plan[j] <= 0) continue;
        Facility *f = &w->f[w->count];
        *f = deliver(s, u, luck, world, o, now, j, plan[j], host > 0 ? p->cancellation : 0);
        f->wave = w->rounds;
        f->pledged = money[j];
        w->at[j] = w->count++;
        w->bids[u->site_state[j]]++;
    }
    w->envelope -= spent;
}

/* The sum of states' payoffs if what stands had been decided at the announcement. */
static double welfare(const Setup *s, const Union *u, const Facts *facts, const World *w) {
    const Outlook *o = &s->at[0];
    int hosted[STATES] = {0}, count = 0;
    double given[STATES] = {0}, nobody[STATES] = {0}, owed[STATES], accelerators = 0, ready[SITES], rate[SITES];
    for (int k = 0; k < w->count; k++) {
        const Facility *f = &w->f[k];
        if (f->cancelled || f->contracted > u->last) continue;
        hosted[u->site_state[f->site]]++;
        given[u->site_state[f->site]] += f->planned;
        accelerators += f->planned * o->chips_a_bn;
        ready[count] = ready_at(s, o, f->site, f->planned);
        rate[count++] = rate_of(s, f->planned * o->chips_a_bn, o->peak);
    }
    bill(s, facts, given, nobody, owed);
    double then_race = prospect(s, o, ready, rate, count, 0), then_open = adds_up(&s->p, accelerators), all = 0;
    for (int i = 0; i < STATES; i++)
        all += s->trophy[hosted[i]] + local_good(s, w, i, given[i]) +
               s->p.race_weight * facts->wealth[i] * then_race + facts->people[i] * then_open - owed[i];
    return all;
}

static double years_behind(const Setup *s, double flop, double year) {
    return (log(s->p.frontier_anchor) + (year - 2025.5) * log(s->p.frontier_growth) - log(flop)) /
           log(s->p.frontier_growth);
}

static int64_t nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * (int64_t)1000000000 + t.tv_nsec;
}

/* Note that a step is over, where that is asked for. */
static void done(int64_t *took, int step, int64_t *begun) {
    if (!took) return;
    int64_t now = nanoseconds();
    took[step] += now - *begun;
    *begun = now;
}

/* Play some worlds.

   `parameters` has one row for all worlds, or with `each` one a world, from which then everything is worked out
   anew. `worlds_out` is (columns, worlds), `states_out` (columns, worlds, states), `facilities_out` (columns, worlds x
   sites). `took` adds up nanoseconds by step, or is null. Returns the number of facilities. */
int64_t play(const Union *u, const Luck *luck, const Parameters *parameters, int64_t worlds, int64_t each,
             int64_t price, double *worlds_out, double *states_out, double *facilities_out, int64_t *took) {
    static Facts facts;
    static Setup setup;
    int64_t facilities = 0, room = worlds * SITES, begun = took ? nanoseconds() : 0;
    know(&facts, u);
    for (int64_t k = 0; k < worlds; k++) {
        if (each || k == 0) {
            set_up(&setup, u, &facts, &parameters[k]);
            done(took, step_start, &begun);
            if (price) plan_all(&setup);
            done(took, step_planner, &begun);
        }
        const Setup *s = &setup;
        const Parameters *p = &s->p;
        World w;
        memset(&w, 0, offsetof(World, f));
        memset(w.at, -1, sizeof w.at);
        w.envelope = p->envelope_eur_bn;
        for (int i = 0; i < STATES; i++) {
            w.scale[i] = s->scale[i] * exp(p->ambition_sd * normal(luck->ambition[k * STATES + i]));
            w.resolve[i] = normal(luck->reservation[k * STATES + i]);
        }
        done(took, step_start, &begun);
        double rate_then = 0;
        for (int64_t now = u->first; now <= u->last; now++) {
            for (int wave = 0; wave < WAVES; wave++)
                if (now == u->decides[wave]) {
                    done(took, step_quarters, &begun);
                    hold_wave(s, u, &facts, luck, k, &w, wave);
                    done(took, step_bargain, &begun);
                }
            int asks = now % 4 == 3 && now > u->announced;
            if (!asks && now != u->assessed) continue;
            double rate = best_rate(s, u, &facts, luck, k, w.f, w.count, now);
            if (now == u->assessed) rate_then = rate;
            if (!asks) continue;
            double usable = log(p->access_share * (rate / (p->chip_peak * p->mfu_reference)));
            for (int l = 0; l < LABS; l++) {
                double home = u->lab_home[l] >= 0 ? p->home_value : -p->home_value;
                w.exited[l] = u->company[l] && u->lab_home[l] >= 0 && usable - s->hired[l] + home < 0;
            }
        }

        double year = year_of(u->assessed), flop = rate_then * s->flop;
        double behind = years_behind(s, flop, year), dear = NAN;
        done(took, step_quarters, &begun);
        if (price) {
            double best = least(behind, years_behind(s, planners_rate(s, u, &facts, luck, k) * s->flop, year));
            dear = isfinite(best) ? behind - best : 0;
        }
        done(took, step_planner, &begun);
        int hosted[STATES] = {0};
        int64_t first_wave[STATES] = {0}, first = NEVER;
        double accelerators[STATES] = {0}, received[STATES] = {0}, pledged[STATES] = {0}, paid[STATES];
        double all = 0, spent = 0, h100 = 0, top = 0;
        int count = 0;
        for (int j = 0; j < SITES; j++) {
            if (w.at[j] < 0) continue;
            const Facility *f = &w.f[w.at[j]];
            if (f->cancelled || f->contracted > u->last) continue;
            int i = (int)u->site_state[j];
            int64_t opens = f->ready <= u->last ? f->ready : NEVER;
            count++;
            hosted[i]++;
            if (!first_wave[i] || f->wave < first_wave[i]) first_wave[i] = f->wave;
            if (opens < first) first = opens;
            accelerators[i] += f->chips;
            received[i] += f->spend;
            pledged[i] += least(f->pledged, f->spend);
            all += f->chips;
            spent += f->spend;
            h100 += f->chips * f->peak / 989e12;
            top = most(top, f->chips);
            double *out = facilities_out + facilities++;
            out[facility_world * room] = (double)k;
            out[facility_site * room] = j;
            out[facility_selected * room] = (double)f->selected;
            out[facility_contracted * room] = (double)f->contracted;
            out[facility_operational * room] = opens < NEVER ? (double)opens : -1;
            out[facility_accelerators * room] = f->chips;
            out[facility_power_mw * room] = f->power_mw;
            out[facility_spend_eur_bn * room] = f->spend;
        }
        int hosts = 0, twice = 0, gone = 0;
        double squares = 0;
        for (int i = 0; i < STATES; i++) {
            double share = received[i] / most(spent, 1e-300);
            hosts += hosted[i] > 0;
            twice += hosted[i] > 1;
            squares += share * share;
            pledged[i] = least(pledged[i], received[i]);
        }
        for (int l = 0; l < LABS; l++) gone += w.exited[l];
        bill(s, &facts, received, pledged, paid);
        for (int i = 0; i < STATES; i++) {
            double *out = states_out + k * STATES + i;
            int64_t step = worlds * STATES;
            out[state_sites * step] = hosted[i];
            out[state_first_wave * step] = (double)first_wave[i];
            out[state_accelerators * step] = accelerators[i];
            out[state_received_eur_bn * step] = received[i];
            out[state_paid_eur_bn * step] = paid[i];
            out[state_private_eur_bn * step] = pledged[i];
            out[state_yes_votes * step] = w.yes[i];
            out[state_no_votes * step] = w.no[i];
        }
        double algorithms = log(p->algorithm_growth), growth = log(p->frontier_growth);
        double *out = worlds_out + k;
        out[world_sites * worlds] = count;
        out[world_hosts * worlds] = hosts;
        out[world_two_site_states * worlds] = twice;
        out[world_spend_eur_bn * worlds] = spent;
        out[world_unspent_eur_bn * worlds] = most(p->envelope_eur_bn - spent, 0);
        out[world_aggregate_accelerators * worlds] = all;
        out[world_h100_equivalents * worlds] = h100;
        out[world_largest_site_accelerators * worlds] = top;
        out[world_largest_run_flop * worlds] = flop;
        out[world_frontier_flop * worlds] = p->frontier_anchor * pow(p->frontier_growth, year - 2025.5);
        out[world_years_behind * worlds] = behind;
        out[world_capability_lag_years * worlds] =
            (behind * growth + p->algorithm_delay * algorithms) / (growth + algorithms);
        out[world_price_of_politics * worlds] = dear;
        out[world_hhi_spend * worlds] = squares;
        out[world_first_operation * worlds] = first < NEVER ? (double)first : -1;
        out[world_rounds * worlds] = w.rounds;
        out[world_exited_labs * worlds] = gone;
        out[world_welfare_eur_bn * worlds] = welfare(s, u, &facts, &w);
        done(took, step_outcomes, &begun);
    }
    return facilities;
}
