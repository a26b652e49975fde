// jsonstat-toolkit must find the same values in the JSON-stat as there are in the JSON.
const JSONstat = require("jsonstat-toolkit");

const base = `${process.argv[2]}/v1/observations?indicator=population,overdose-deaths&period_from=2016&period_to=2021`;

async function main() {
    const read = JSONstat.default ?? JSONstat;
    const dataset = read(await (await fetch(`${base}&format=json-stat2`)).json());
    if (dataset.class !== "dataset" || dataset.role.time[0] !== "period" || dataset.role.geo[0] !== "region") {
        throw new Error("the dataset or its roles were not understood");
    }
    let compared = 0;
    for (let url = base; url; ) {
        const page = await (await fetch(url)).json();
        for (const { indicator, region, period, value } of page.data) {
            const cell = dataset.Data({ indicator, region, period });
            if (cell.value !== value) throw new Error(`${indicator} ${region} ${period}: ${cell.value}, not ${value}`);
            compared += 1;
        }
        url = page.next;
    }
    if (compared < 2000) throw new Error(`only ${compared} values`);
    console.log(`jsonstat-toolkit, JSON-stat: ${compared} values`);
}

main().catch((e) => {
    console.error(e);
    process.exitCode = 1;
});
